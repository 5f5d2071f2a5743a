/* Elements and figures. Texts become text nodes alone: nothing that a user named is ever markup. */

export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}

/** Sets a text only if it is another one, so that nothing is read out or selected anew. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export const plain = text => String(text ?? '').replace(/\p{C}/gu, '?');
export const number = value => Number(value || 0);
export const figure = (value, digits = 0) =>
  number(value).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
export const measured = (value, digits = 0) => number(value) ? figure(value, digits) : '–';
export const share = value => `${figure(100 * value, 1)}%`;
export const bytes = value => {
  const size = number(value);
  const [unit, name] = size >= 1e9 ? [1e9, 'GB'] : size >= 1e6 ? [1e6, 'MB'] : [1e3, 'kB'];
  return size ? `${figure(size / unit, 1)} ${name}` : '–';
};
export const seconds = value => value < 120 ? `${Math.max(1, Math.round(value))} s` : `${Math.round(value / 60)} min`;
export const time = text => text ? new Date(text).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' }) : '';

export function table(label, heads, rows) {
  return el('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': label }, el('table', {},
    el('thead', {}, el('tr', {}, ...heads.map(head => el('th', { scope: 'col' }, head)))),
    el('tbody', {}, ...rows.map(row => el('tr', {},
      ...row.map((cell, column) => column ? el('td', {}, cell) : el('th', { scope: 'row' }, cell)))))));
}

export const state = name => el('span', { class: `state ${name.toLowerCase()}` }, name.toLowerCase());

/** Rows that stay the same elements while their contents change, so that focus and selection stay where they are. */
export function rows(body, make) {
  const known = new Map();
  return (keys, update) => {
    for (const [key, row] of known) {
      if (!keys.includes(key)) {
        row.node.remove();
        known.delete(key);
      }
    }
    keys.forEach((key, index) => {
      if (!known.has(key)) known.set(key, make(key));
      const row = known.get(key);
      if (body.children[index] !== row.node) body.insertBefore(row.node, body.children[index] || null);
      update(row, key);
    });
  };
}

/** A line of its own for what went wrong; empty, it is not there. */
export function problem() {
  const node = el('p', { class: 'problem', role: 'alert', hidden: true });
  return {
    node,
    show: error => {
      say(node, error ? `${error.code ? `${error.code}: ` : ''}${plain(error.message)}` : '');
      node.hidden = !error;
    },
  };
}
