/* Several finished jobs side by side. */

import { job, jobs } from './api.js';
import { el, plain, problem, table } from './dom.js';
import { QUANTITIES, measurement } from './figures.js';
import { scatter } from './scatter.js';

export async function show({ page, query, signal, title, notice }) {
  title('Compare');
  const wrong = problem();
  page.append(el('h1', {}, 'Compare'), wrong.node);
  const ids = (query.get('jobs') || '').split(',').filter(Boolean);
  try {
    if (ids.length > 1) await compare(page, await Promise.all(ids.map(id => job(id, signal))), signal);
    else choose(page, (await jobs(1000, '', signal)).jobs || []);
  } catch (e) {
    if (!signal.aborted) (e.status === 401 ? notice : wrong.show)(e);
  }
}

function choose(page, all) {
  const finished = all.filter(one => one.state === 'COMPLETED');
  if (finished.length < 2) {
    page.append(el('p', { class: 'soft' }, 'It takes two finished jobs. ', el('a', { href: '#/jobs' }, 'All jobs'), '.'));
    return;
  }
  const hint = problem();
  page.append(el('form', {
    onsubmit: event => {
      event.preventDefault();
      const marked = [...new FormData(event.target).getAll('job')];
      if (marked.length > 1) location.hash = `#/compare?jobs=${marked.map(encodeURIComponent).join(',')}`;
      else hint.show({ message: 'Mark at least two jobs.' });
    },
  }, el('fieldset', {}, el('legend', {}, 'Finished jobs'), ...finished.map(one => el('label', { class: 'choice' },
    el('input', { type: 'checkbox', name: 'job', value: one.job_id }), ' ', plain(one.job_id)))),
  hint.node, el('button', { type: 'submit', class: 'main' }, 'Compare')));
}

/** All checkpoints of the jobs, and each dense model once. */
function models(list) {
  const dense = new Map();
  const pruned = [];
  for (const one of list.filter(other => other.evaluation)) {
    for (const evaluation of [one.evaluation, ...(one.evaluation.further || [])]) {
      const before = measurement(evaluation, 'dense') || {};
      const key = JSON.stringify([one.request?.model, before.perplexity, before.parameters]);
      if (!dense.has(key)) {
        dense.set(key, { name: `${plain(one.request?.model) || 'model'}, dense`, dense: true, protocol: protocol(evaluation), ...before });
      }
      pruned.push({ name: plain(evaluation.output || one.job_id), id: one.job_id, protocol: protocol(evaluation), ...measurement(evaluation, 'pruned') });
    }
  }
  return [...dense.values(), ...pruned];
}

/** Perplexities of different texts, windows or tokenizers are different quantities. */
const protocol = ({ provenance = {}, protocol: how = {} }) =>
  JSON.stringify([provenance.evaluation_sha256, how.sequence_length, how.windows, how.predicted_tokens, how.bos]);

async function compare(page, list, signal) {
  const all = models(list);
  const missing = list.filter(one => !one.evaluation).map(one => plain(one.job_id));
  if (missing.length) page.append(el('p', { class: 'soft' }, `Not finished, so not shown: ${missing.join(', ')}.`));
  if (new Set(all.map(model => model.protocol)).size > 1) {
    page.append(el('p', { class: 'warning', id: 'differs' }, 'These jobs were evaluated on different texts or windows: their perplexities cannot be compared.'));
  }
  const quantities = QUANTITIES.filter(({ key }) => all.some(model => Number(model[key])));
  page.append(el('section', { id: 'figures' }, el('h2', {}, 'Figures'), table('Figures of the jobs',
    ['model', ...quantities.map(({ name }) => name)],
    all.map(model => [
      model.id ? el('a', { href: `#/jobs/${encodeURIComponent(model.id)}` }, model.name) : model.name,
      ...quantities.map(({ key, text }) => text(model[key]))]))));
  const chart = el('section', { id: 'chart' }, el('h2', {}, 'Parameters against perplexity'),
    el('p', { class: 'soft' }, 'Further left is smaller, further down is better. The line joins the models that no other beats in both.'));
  page.append(chart);
  await scatter(chart, all, signal);
}
