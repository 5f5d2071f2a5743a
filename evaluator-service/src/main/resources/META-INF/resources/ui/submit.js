/* A request: a few fields that write it, or all of it as YAML. */

import { job, submit } from './api.js';
import { el, problem } from './dom.js';

/** The fields of the form, by the names that the service uses in what it says of them. */
const FIELDS = [
  { path: 'model', label: 'Model', hint: 'Folder inside the root of models, or org/name of a Hugging Face cache.', required: true },
  { path: 'calibration.text', label: 'Calibration text', hint: 'File or folder inside the root of texts.', required: true },
  { path: 'evaluation.text', label: 'Held-out text', hint: 'Measured on it alone. Empty: the calibration text, and the report says so.' },
  { path: 'pruning.unit_ratio', label: 'Share to remove', hint: 'Of heads and FFN channels, between 0 and 1.', type: 'number', value: '0.25', min: '0.01', max: '0.99', step: '0.01', required: true },
  { path: 'output', label: 'Output', hint: 'Name of the new folder. Empty: the id of the job.' },
];

export function show({ page, query, signal, title, notice }) {
  title('Submit');
  const inputs = new Map(FIELDS.map(field => [field.path, input(field)]));
  const searched = el('input', { type: 'checkbox', id: 'searched' });
  const recovery = el('input', { type: 'checkbox', id: 'recovery' });
  const text = el('textarea', { id: 'yaml', rows: '14', spellcheck: 'false', autocomplete: 'off', 'aria-describedby': 'yaml-hint' });
  const refill = el('button', { type: 'button', hidden: true, id: 'refill', onclick: () => { edited(false); fill(); } }, 'Write it from the fields again');
  const wrong = problem();
  const button = el('button', { type: 'submit', class: 'main' }, 'Send the request');
  const fields = el('fieldset', { id: 'fields' }, el('legend', {}, 'The usual'), ...[...inputs.values()].map(one => one.node),
    choice(searched, 'Take most where it costs least', 'Searches the shapes; takes longer than the same share of every layer.'),
    choice(recovery, 'Recover', 'What is left learns from the dense model.'));

  /** Fields do not overwrite what was written by hand. */
  function edited(yes) {
    fields.disabled = yes;
    refill.hidden = !yes;
  }
  function fill() {
    text.value = yaml(Object.fromEntries([...inputs].map(([path, one]) => [path, one.input.value.trim()])), searched.checked, recovery.checked);
  }
  fields.addEventListener('input', fill);
  text.addEventListener('input', () => edited(true));

  page.append(el('h1', {}, 'Submit a request'), el('form', {
    novalidate: true,
    onsubmit: async event => {
      event.preventDefault();
      for (const one of inputs.values()) one.wrong('');
      wrong.show(null);
      if (!fields.disabled && !check(inputs)) return;
      button.disabled = true;
      try {
        location.hash = `#/jobs/${encodeURIComponent((await submit(text.value)).job_id)}`;
      } catch (e) {
        button.disabled = false;
        if (e.status === 401) notice(e);
        else if (!place(inputs, e)) wrong.show(e);
      }
    },
  }, fields, el('label', { for: 'yaml' }, 'The request, as YAML'),
  el('p', { class: 'hint', id: 'yaml-hint' }, 'All of it can be changed here: criteria, budgets, targets, export.'), text,
  el('p', { class: 'actions' }, button, refill), wrong.node));

  fill();
  const like = query.get('like');
  if (like) {
    job(like, signal).then(one => {
      const request = { ...one.request };
      delete request.request_id;
      delete request.output;
      text.value = block(request);
      edited(true);
    }).catch(wrong.show);
  }
}

function input({ path, label, hint, type = 'text', value = '', ...rules }) {
  const id = path.replace('.', '-');
  const box = el('input', { id, name: path, type, value, ...rules, autocomplete: 'off', spellcheck: 'false', 'aria-describedby': `${id}-hint ${id}-wrong` });
  const error = el('p', { class: 'problem', id: `${id}-wrong`, hidden: true });
  return {
    input: box,
    node: el('div', { class: 'field' }, el('label', { for: id }, label), box, el('p', { class: 'hint', id: `${id}-hint` }, hint), error),
    wrong: message => {
      error.textContent = message;
      error.hidden = !message;
      if (message) box.setAttribute('aria-invalid', 'true');
      else box.removeAttribute('aria-invalid');
    },
  };
}

const choice = (box, label, hint) => el('div', { class: 'field' }, el('label', { class: 'choice' }, box, ' ', label), el('p', { class: 'hint' }, hint));

function check(inputs) {
  const bad = [...inputs.values()].filter(({ input: box }) => !box.validity.valid);
  for (const one of bad) one.wrong(one.input.validationMessage);
  bad[0]?.input.focus();
  return bad.length === 0;
}

/** At the field that the service names first in what it says, if it is one of the form. */
function place(inputs, error) {
  const name = [...inputs.keys()].find(path => error.message.startsWith(path) || error.message.includes(`the field ${path} `));
  if (!name || inputs.get(name).input.matches(':disabled')) return false;
  inputs.get(name).wrong(`${error.code}: ${error.message}`);
  inputs.get(name).input.focus();
  return true;
}

function yaml(values, searched, recovery) {
  const request = {};
  for (const [path, value] of Object.entries(values)) {
    if (!value) continue;
    const [group, name] = path.split('.');
    const typed = path === 'pruning.unit_ratio' ? Number(value) : value;
    if (name) request[group] = { ...request[group], [name]: typed };
    else request[group] = typed;
  }
  if (searched) request.pruning = { ...request.pruning, allocation: 'searched' };
  if (recovery) request.recovery = {};
  return block(request);
}

/** YAML of plain values; JSON is YAML too, which is how texts and lists are written. */
function block(value, indent = '') {
  return Object.entries(value).map(([name, part]) =>
    part !== null && typeof part === 'object' && !Array.isArray(part) && Object.keys(part).length
      ? `${indent}${name}:\n${block(part, `${indent}  `)}`
      : `${indent}${name}: ${JSON.stringify(part)}\n`).join('');
}
