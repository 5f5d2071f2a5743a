/* The workers of all services, and what they are told. */

import { tell, workers, repeat } from './api.js';
import { bytes, el, figure, number, plain, problem, rows, say, seconds } from './dom.js';

const WORDS = { pause: 'Pause', resume: 'Resume', drain: 'Drain' };

export function show({ page, signal, title, speak, notice }) {
  title('Workers');
  const wrong = problem();
  const body = el('tbody');
  const none = el('p', { class: 'soft', hidden: true }, 'No worker has been heard of.');
  page.append(el('h1', {}, 'Workers'),
    el('p', { class: 'soft' }, 'A paused worker finishes its task and takes no other. A drained one gives its task back at once.'),
    wrong.node, none,
    el('table', { class: 'workers' }, el('thead', {}, el('tr', {},
      ...['Worker', 'State', 'Task', 'Memory', 'Tell it to'].map(head => el('th', { scope: 'col' }, head)))), body));

  const draw = rows(body, id => {
    const row = { state: el('span', { class: 'state' }), seen: el('span', { class: 'soft' }), task: el('td', { class: 'what' }), memory: el('td'), about: el('span', { class: 'soft' }), buttons: {} };
    for (const what of Object.keys(WORDS)) {
      row.buttons[what] = el('button', {
        type: 'button', 'aria-label': `${WORDS[what]} ${id}`,
        onclick: async () => {
          try {
            await tell(id, what);
            wrong.show(null);
            speak(`${id} was told to ${what}`);
          } catch (e) {
            wrong.show(e);
          }
        },
      }, WORDS[what]);
    }
    row.node = el('tr', { 'data-worker': id }, el('th', { scope: 'row' }, plain(id), row.about), el('td', {}, row.state, row.seen),
      row.task, row.memory, el('td', {}, el('span', { class: 'buttons' }, ...Object.values(row.buttons))));
    return row;
  });

  async function look() {
    try {
      const list = (await workers(signal)).workers || [];
      notice(null);
      none.hidden = list.length > 0;
      body.parentElement.hidden = list.length === 0;
      const byId = new Map(list.map(worker => [worker.last_beat.worker_id, worker]));
      draw([...byId.keys()], (row, id) => update(row, byId.get(id)));
    } catch (e) {
      if (!signal.aborted) (e.status === 401 ? notice : wrong.show)(e);
    }
  }
  repeat(look, 2000, signal);
}

function update(row, worker) {
  const beat = worker.last_beat;
  const name = worker.lost ? 'lost' : (beat.state || '').toLowerCase();
  say(row.state, name);
  row.state.className = `state ${name}`;
  const age = parseFloat(worker.age || '0');
  say(row.seen, worker.lost ? ` silent for ${seconds(age)}` : '');
  say(row.about, `${plain(beat.service)}, ${plain(beat.version)}, ${figure(beat.threads)} threads${beat.device ? `, ${plain(beat.device)}` : ''}`);
  say(row.memory, beat.memory_peak_bytes ? `${bytes(beat.memory_peak_bytes)} of ${bytes(beat.memory_limit_bytes)}` : '–');
  say(row.task, beat.task ? doing(beat.task) : 'no task');
  for (const [what, button] of Object.entries(row.buttons)) {
    button.disabled = Boolean(worker.lost) || (what === 'resume' ? name === 'ready' : what === 'pause' ? name === 'paused' : ['drained', 'draining'].includes(name));
  }
}

function doing(task) {
  const { unit, done, total } = task.progress || {};
  return `${plain(task.task_id)} of ${plain(task.job_id)}` + (number(total) ? `, ${figure(done)}/${figure(total)} ${plain(unit)}` : '');
}
