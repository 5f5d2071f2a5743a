/* All jobs, newest first, as they go on. */

import { jobs, follow, repeat } from './api.js';
import { el, figure, number, plain, problem, rows, say, state, time } from './dom.js';
import { Course, ENDED, RUNNING } from './progress.js';

const PAGE = 50;
/** A browser has six connections to a service. */
const FOLLOWED = 3;

export function show({ page, query, signal, title, notice }) {
  title('Jobs');
  const chosen = new Set();
  const compare = el('a', { class: 'button', 'aria-disabled': 'true', id: 'compare' }, 'Compare the marked ones');
  const body = el('tbody');
  const none = el('p', { class: 'soft', hidden: true }, 'No jobs yet. ', el('a', { href: '#/submit' }, 'Submit one'), '.');
  const older = el('a', { class: 'button', hidden: true }, 'Older jobs');
  const wrong = problem();
  page.append(
    el('h1', {}, 'Jobs'),
    wrong.node,
    el('p', { class: 'actions' }, el('a', { class: 'button main', href: '#/submit' }, 'Submit a request'), compare),
    none,
    el('table', { class: 'jobs' }, el('thead', {}, el('tr', {},
      ...['Mark', 'Job', 'State', 'Progress or result', 'Accepted'].map(head => el('th', { scope: 'col' }, head)))), body),
    el('p', { class: 'actions' }, older));

  function mark(id, on) {
    if (on) chosen.add(id);
    else chosen.delete(id);
    if (chosen.size > 1) {
      compare.href = `#/compare?jobs=${[...chosen].map(encodeURIComponent).join(',')}`;
      compare.removeAttribute('aria-disabled');
    } else {
      compare.removeAttribute('href');
      compare.setAttribute('aria-disabled', 'true');
    }
  }

  const followed = new Map();
  function live(list) {
    const wanted = list.filter(job => RUNNING.includes(job.state)).slice(0, FOLLOWED).map(job => job.job_id);
    for (const [id, one] of followed) {
      if (!wanted.includes(id)) {
        one.stop.abort();
        followed.delete(id);
      }
    }
    for (const id of wanted.filter(id => !followed.has(id))) {
      const one = { course: new Course(), stop: new AbortController() };
      signal.addEventListener('abort', () => one.stop.abort(), { once: true });
      followed.set(id, one);
      follow(id, {
        signal: one.stop.signal,
        begin: () => { one.course = new Course(); },
        event: event => {
          one.course.hear(event);
          if (one.row) progress(one.row, one.course.meter());
        },
      }).catch(() => followed.delete(id));
    }
  }

  const draw = rows(body, id => {
    const box = el('input', { type: 'checkbox', 'aria-label': `Mark ${id}`, onchange: () => mark(id, box.checked) });
    const row = { box, state: el('td'), what: el('span'), bar: el('progress', { max: '1', hidden: true, 'aria-label': `Progress of ${id}` }), at: el('td', { class: 'soft' }) };
    row.node = el('tr', { 'data-job': id }, el('td', {}, box),
      el('th', { scope: 'row' }, el('a', { href: `#/jobs/${encodeURIComponent(id)}` }, plain(id))),
      row.state, el('td', { class: 'what' }, row.bar, row.what), row.at);
    return row;
  });

  async function look() {
    try {
      const answer = await jobs(PAGE, query.get('page') || '', signal);
      const list = answer.jobs || [];
      notice(null);
      wrong.show(null);
      none.hidden = list.length > 0;
      body.parentElement.hidden = list.length === 0;
      older.hidden = !answer.next_page_token;
      older.href = `#/jobs?page=${encodeURIComponent(answer.next_page_token || '')}`;
      live(list);
      const byId = new Map(list.map(job => [job.job_id, job]));
      draw([...byId.keys()], (row, id) => update(row, byId.get(id), followed.get(id)));
    } catch (e) {
      if (!signal.aborted) (e.status === 401 ? notice : wrong.show)(e);
    }
  }
  repeat(look, 2000, signal);
}

function update(row, job, one) {
  if (row.known !== job.state) row.state.replaceChildren(state(job.state));
  row.known = job.state;
  row.box.disabled = job.state !== 'COMPLETED';
  say(row.at, time(job.accepted_at));
  if (ENDED.includes(job.state)) {
    row.bar.hidden = true;
    say(row.what, result(job));
  } else if (one) {
    one.row = row;
    progress(row, one.course.meter());
  } else {
    row.bar.hidden = true;
    say(row.what, job.progress
      ? `${plain(job.progress.activity)} ${figure(job.progress.tasks_done)}/${figure(job.progress.tasks_total)} tasks`
      : 'waits for its turn');
  }
}

function progress(row, meter) {
  row.bar.hidden = !meter || meter.total === 0;
  row.bar.value = meter && meter.total ? meter.done / meter.total : 0;
  say(row.what, meter ? meter.line() : 'waits for a worker');
}

function result(job) {
  if (job.state === 'FAILED') return `${job.failure?.code}: ${plain(job.failure?.message)}`;
  if (job.state === 'CANCELLED') return '';
  const { dense = {}, pruned = {} } = job.evaluation || {};
  return `perplexity ${figure(dense.perplexity, 2)} → ${figure(pruned.perplexity, 2)},`
    + ` parameters × ${figure(number(pruned.parameters) / number(dense.parameters), 2)}`;
}
