/* One job: its stages while it runs, then what came of it. */

import * as api from './api.js';
import { el, figure, plain, problem, say, share, state, time } from './dom.js';
import { Course, ENDED, STAGES } from './progress.js';
import { figures } from './figures.js';
import { REMEDIES } from './remedies.js';

const STAGE_WORDS = { scorer: 'Score', pruner: 'Prune', recoverer: 'Recover', evaluator: 'Evaluate' };
const STATE_WORDS = { waits: 'waits', works: 'works', done: 'done', failed: 'failed', stopped: 'stopped' };
/** Between a request's way to Kafka and back. */
const KNOWN_WITHIN = 15;

export function show({ page, words, signal, title, speak, notice }) {
  const id = words[1];
  title(id);
  const wrong = problem();
  const now = el('span', { id: 'state' });
  const about = el('dl', { id: 'about' });
  const steps = el('ol', { class: 'stages', id: 'stages' });
  const actions = el('div', { class: 'actions', id: 'actions' });
  const outcome = el('div', { id: 'outcome' });
  page.append(el('h1', {}, plain(id), ' ', now), wrong.node, about, actions, steps, outcome);

  const drawn = new Map(STAGES.map(name => {
    const stage = { word: el('span', { class: 'soft' }), bar: el('progress', { max: '1', value: '0', 'aria-label': `${STAGE_WORDS[name]}: progress` }), line: el('span', { class: 'line' }) };
    stage.node = el('li', { 'data-stage': name }, el('h2', {}, STAGE_WORDS[name], ' ', stage.word), stage.bar, stage.line);
    return [name, stage];
  }));
  steps.append(...[...drawn.values()].map(stage => stage.node));

  let course = new Course();
  let shown = '';
  let spoken = '';
  let asked = false;

  function draw() {
    const name = course.state();
    if (name !== shown) {
      shown = name;
      now.replaceChildren(state(name));
      actions.replaceChildren(...controls(name));
    }
    const recovers = Boolean(course.accepted?.request?.recovery);
    for (const [stageName, stage] of drawn) {
      const { state: step, meter } = course.stages.get(stageName);
      stage.node.hidden = stageName === 'recoverer' && !recovers && step === 'waits';
      stage.node.dataset.state = step;
      say(stage.word, STATE_WORDS[step]);
      const part = step === 'done' ? 1 : meter && meter.total ? meter.done / meter.total : 0;
      if (stage.bar.value !== part) stage.bar.value = part;
      say(stage.line, step !== 'works' ? '' : meter ? meter.line() : 'waits for a worker');
    }
    announce();
    facts(about, course);
  }

  /** For those who hear the page: what changes, not every step of it. */
  function announce() {
    const meter = course.meter();
    const tenths = meter && meter.total ? Math.floor(10 * meter.done / meter.total) : 0;
    const text = course.end ? `${id} ${course.state().toLowerCase()}` : meter ? `${course.stage}: ${meter.activity}, ${10 * tenths} percent` : '';
    if (text && text !== spoken) {
      spoken = text;
      speak(text);
    }
  }

  function controls(name) {
    const again = el('a', { class: 'button', href: `#/submit?like=${encodeURIComponent(id)}` }, 'Change and send again');
    if (ENDED.includes(name)) return [again];
    const reason = el('input', { id: 'reason', maxlength: '1000', autocomplete: 'off' });
    const button = el('button', { type: 'submit', class: 'danger' }, 'Cancel the job');
    return [el('form', {
      class: 'inline',
      onsubmit: async event => {
        event.preventDefault();
        button.disabled = true;
        try {
          await api.cancel(id, reason.value);
          asked = true;
          wrong.show(null);
          say(button, 'Cancel asked for');
        } catch (e) {
          button.disabled = false;
          wrong.show(e);
        }
      },
    }, el('label', { for: 'reason' }, 'Reason'), reason, button)];
  }

  function end() {
    const { completed, failed, cancelled, stage } = course.end;
    if (failed) {
      const remedy = REMEDIES[failed.code];
      outcome.replaceChildren(el('section', { class: 'failure', role: 'alert' },
        el('h2', {}, `${plain(failed.code)} in the ${plain(stage)}`), el('p', {}, plain(failed.message)),
        remedy ? el('p', { id: 'remedy' }, el('strong', {}, 'What to do: '), remedy) : null));
    } else if (cancelled) {
      const by = cancelled.by ? ` by ${plain(cancelled.by)}` : asked ? ' from here' : '';
      outcome.replaceChildren(el('section', {}, el('h2', {}, `Cancelled in the ${plain(stage)}${by}`),
        el('p', {}, plain(cancelled.reason) || 'No reason was given.')));
    } else {
      outcome.replaceChildren(...[completed, ...(completed.further || [])].map(one => summary(one)), reportOf(id, signal));
    }
  }

  async function run() {
    const until = Date.now() + 1000 * KNOWN_WITHIN;
    for (;;) {
      try {
        await api.follow(id, {
          signal,
          begin: () => { course = new Course(); },
          event: event => {
            course.hear(event);
            notice(null);
            wrong.show(null);
            draw();
            if (course.end) end();
          },
        });
        return;
      } catch (e) {
        if (signal.aborted) return;
        if (e.status !== 404 || Date.now() > until) {
          (e.status === 401 ? notice : wrong.show)(e);
          return;
        }
        say(about, 'Waits for the scorer to accept it …');
        await new Promise(resolve => setTimeout(resolve, 500));
        say(about, '');
      }
    }
  }
  run();
}

function facts(about, course) {
  const request = course.accepted?.request || {};
  const wanted = [
    ['model', request.model], ['accepted', time(course.accepted?.at)], ['sent by', course.accepted?.by],
    ['stored in', course.outputs.join(', ')],
  ].filter(([, value]) => value);
  const text = JSON.stringify(wanted);
  if (about.dataset.known !== text) {
    about.dataset.known = text;
    about.replaceChildren(...wanted.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, plain(value))]));
  }
}

function summary(evaluation) {
  const removed = (evaluation.removed || []).map(kind =>
    `${figure(kind.removed)} of ${figure(kind.units)} ${plain(kind.kind)} removed (${share(Number(kind.removed || 0) / Number(kind.units || 1))})`);
  return el('section', { class: 'result' }, el('h2', {}, plain(evaluation.output)),
    removed.length ? el('p', {}, removed.join(', '), '.') : null, figures(evaluation));
}

/** The report in a frame that can do nothing here, and to save. */
function reportOf(id, signal) {
  const wrong = problem();
  const frame = el('iframe', { title: `Report of ${id}`, sandbox: 'allow-scripts allow-downloads', class: 'report' });
  const save = (file, type) => el('button', {
    type: 'button',
    onclick: async () => {
      try {
        const url = URL.createObjectURL(new Blob([await api.report(id, file, signal)], { type }));
        el('a', { href: url, download: `${id}-${file === 'report' ? 'report.html' : file}` }).click();
        setTimeout(() => URL.revokeObjectURL(url), 10000);
      } catch (e) {
        wrong.show(e);
      }
    },
  }, file === 'report' ? 'Save the report' : 'Save its data');
  const whole = `/api/jobs/${encodeURIComponent(id)}/report`;
  api.report(id, 'report', signal).then(html => {
    frame.addEventListener('load', () => frame.contentWindow.postMessage(html, '*'), { once: true });
    frame.src = 'frame.html';
  }).catch(e => {
    if (!signal.aborted) wrong.show(e);
    frame.hidden = true;
  });
  return el('section', { id: 'report' }, el('h2', {}, 'Report'), wrong.node, el('p', { class: 'actions' },
    // A link carries no token.
    api.token.get() ? null : el('a', { class: 'button', href: whole, target: '_blank', rel: 'noopener' }, 'Open it in a tab'),
    save('report', 'text/html'), save('report.json', 'application/json')), frame);
}
