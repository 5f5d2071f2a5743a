/* What was measured of a model before and after. */

import { bytes, figure, measured, number, table } from './dom.js';

export const QUANTITIES = [
  { name: 'perplexity', key: 'perplexity', text: value => measured(value, 3) },
  { name: 'parameters', key: 'parameters', text: value => measured(value) },
  { name: 'multiply-adds', key: 'macs', text: value => measured(value) },
  { name: 'checkpoint', key: 'checkpoint_bytes', text: bytes },
  { name: 'prefill, tokens/s', key: 'prefill_tokens_per_second', text: value => measured(value) },
  { name: 'decode, tokens/s', key: 'decode_tokens_per_second', text: value => measured(value) },
  { name: 'peak memory', key: 'peak_memory_bytes', text: bytes },
];

export function figures(evaluation) {
  const { dense = {}, unrecovered, pruned = {} } = evaluation;
  const models = unrecovered ? [dense, unrecovered, pruned] : [dense, pruned];
  const heads = ['', 'dense', 'pruned', ...(unrecovered ? ['recovered'] : []), 'ratio'];
  return table(`Figures of ${evaluation.output}`, heads, QUANTITIES
    .filter(({ key }) => models.some(model => number(model[key])))
    .map(({ name, key, text }) => {
      const [before, after] = [number(dense[key]), number(pruned[key])];
      return [name, ...models.map(model => text(model[key])), before && after ? figure(after / before, 3) : '–'];
    }));
}
