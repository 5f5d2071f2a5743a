/* Which view is shown, and who looks. */

import { token } from './api.js';
import { say } from './dom.js';
import * as jobs from './jobs.js';
import * as job from './job.js';
import * as submit from './submit.js';
import * as compare from './compare.js';
import * as workers from './workers.js';

const page = document.getElementById('page');
const notice = document.getElementById('notice');
const who = document.getElementById('who');
const field = document.getElementById('token');
let view = new AbortController();

/** What every view gets: where it draws, what its address says, when it is left, and how it speaks. */
function context(words, query) {
  return {
    page, words, query, signal: view.signal,
    title: text => {
      document.title = `${text} – Espalier`;
    },
    speak: text => say(document.getElementById('spoken'), text),
    notice: tell,
  };
}

/** One line above all views; none of an error that is over. */
function tell(error) {
  if (!error) {
    notice.hidden = true;
    return;
  }
  say(notice, error.status === 401
    ? 'This service asks who you are: enter your token above.'
    : `${error.code || 'ERROR'}: ${error.message}`);
  notice.hidden = false;
  if (error.status === 401 && !who.open) {
    who.open = true;
    field.focus();
  }
}

function show() {
  const [path, search] = location.hash.replace(/^#\/?/, '').split('?');
  const words = path.split('/').map(decodeURIComponent);
  const views = { jobs: words.length > 1 && words[1] ? job : jobs, submit, compare, workers };
  const chosen = Object.hasOwn(views, words[0]) ? words[0] : 'jobs';
  view.abort();
  view = new AbortController();
  page.replaceChildren();
  tell(null);
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#/${chosen}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  views[chosen].show(context(words, new URLSearchParams(search || '')));
}

addEventListener('hashchange', () => {
  if (location.hash === '#page') return;
  show();
  page.focus({ preventScroll: true });
  scrollTo(0, 0);
});
document.getElementById('token-form').addEventListener('submit', event => {
  event.preventDefault();
  token.set(field.value.trim());
  field.value = '';
  who.open = false;
  show();
});
document.getElementById('forget').addEventListener('click', () => {
  token.set('');
  field.value = '';
  show();
});
show();
