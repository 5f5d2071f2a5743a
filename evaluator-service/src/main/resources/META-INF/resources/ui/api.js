/* Control over HTTP, with the token of this tab where one was entered. */

const KEY = 'espalier.token';

export const token = {
  get: () => sessionStorage.getItem(KEY) || '',
  set: value => value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY),
};

/** What the service said instead of doing it. */
export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const pause = (milliseconds, signal) => new Promise(resolve => {
  const timer = setTimeout(resolve, milliseconds);
  signal?.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
});

async function answer(path, options) {
  try {
    return await fetch(`/api/${path}`, options);
  } catch (e) {
    if (e.name === 'AbortError') throw e;
    throw new Refused(0, 'UNREACHABLE', 'the service does not answer; is it still running?');
  }
}

async function call(path, options = {}) {
  const headers = { ...options.headers };
  if (token.get()) headers.Authorization = `Bearer ${token.get()}`;
  let response = await answer(path, { ...options, headers });
  // A view asks for several things at once, and a caller has only so many calls a second.
  for (let i = 1; i < 4 && response.status === 429 && !options.method; i++) {
    await pause(300 * i, options.signal);
    response = await answer(path, { ...options, headers });
  }
  if (!response.ok) {
    const why = await response.json().catch(() => ({}));
    throw new Refused(response.status, why.code || `HTTP ${response.status}`, why.message || response.statusText);
  }
  return response;
}

const json = async (path, options) => (await call(path, options)).json();
const post = (path, body, type = 'application/json') =>
  json(path, { method: 'POST', headers: { 'Content-Type': type }, body });
const at = encodeURIComponent;

export const jobs = (size, page, signal) => json(`jobs?page_size=${size}&page_token=${at(page)}`, { signal });
export const job = (id, signal) => json(`jobs/${at(id)}`, { signal });
export const submit = yaml => post('jobs', yaml, 'application/yaml');
export const cancel = (id, reason) => post(`jobs/${at(id)}/cancel`, JSON.stringify({ reason }));
export const workers = signal => json('workers', { signal });
export const tell = (id, what) => post(`workers/${at(id)}/${what}`, '{}');
export const report = async (id, file, signal) => (await call(`jobs/${at(id)}/${file}`, { signal })).text();

const ends = event => Boolean(event.completed || event.failed || event.cancelled);

const hidden = () => document.hidden;

/** Waits until somebody looks, or the view is left. */
const looked = signal => new Promise(resolve => {
  const look = () => {
    if (hidden() && !signal.aborted) return;
    document.removeEventListener('visibilitychange', look);
    resolve();
  };
  document.addEventListener('visibilitychange', look);
  signal.addEventListener('abort', look, { once: true });
  look();
});

/** Is over when the view is left or nobody looks: a browser has few connections to a service, and tabs share them. */
function whileLooked(signal) {
  const part = new AbortController();
  const end = () => {
    if (hidden() || signal.aborted) part.abort();
  };
  document.addEventListener('visibilitychange', end, { signal: part.signal });
  signal.addEventListener('abort', end, { once: true, signal: part.signal });
  end();
  return part.signal;
}

/** Tells each event of a job from its beginning; begins again when the connection is lost, until the job has ended. */
export async function follow(id, { begin, event, signal }) {
  while (!signal.aborted) {
    await looked(signal);
    try {
      begin();
      const response = await call(`jobs/${at(id)}/events`, { signal: whileLooked(signal) });
      if (await read(response.body, event)) return;
    } catch (e) {
      if (signal.aborted) return;
      // A job that was sent this moment is not known at once; one that nobody may see never is.
      if (e instanceof Refused && e.status !== 0 && e.status < 500 && e.status !== 429) throw e;
    }
    await pause(hidden() ? 0 : 2000, signal);
  }
}

async function read(body, tell) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = '';
  let ended = false;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return ended;
    waiting += value;
    const messages = waiting.split(/\r?\n\r?\n/);
    waiting = messages.pop();
    for (const message of messages) {
      const data = message.split(/\r?\n/).filter(line => line.startsWith('data:')).map(line => line.slice(5)).join('\n');
      if (data) {
        const event = JSON.parse(data);
        ended = ended || ends(event);
        tell(event);
      }
    }
  }
}

/** Does it now and again and again, while somebody looks, until the view is left. */
export async function repeat(work, milliseconds, signal) {
  while (!signal.aborted) {
    if (!document.hidden) await work();
    await pause(milliseconds, signal);
  }
}
