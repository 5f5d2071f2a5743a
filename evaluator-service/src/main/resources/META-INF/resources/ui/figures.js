/* What was measured of a model before and after. */

import { bytes, figure, measured, number, table } from './dom.js';

export const QUANTITIES = [
  { name: 'perplexity', key: 'perplexity', text: value => measured(value, 3) },
  { name: 'KL from dense', key: 'divergence', text: value => measured(value, 4) },
  { name: 'same token as dense', key: 'agreement', text: value => measured(value, 3) },
  { name: 'questions, average', key: 'answered', text: value => number(value) ? `${figure(100 * value, 1)}%` : '–' },
  { name: 'parameters', key: 'parameters', text: value => measured(value) },
  { name: 'multiply-adds', key: 'macs', text: value => measured(value) },
  { name: 'checkpoint', key: 'checkpoint_bytes', text: bytes },
  { name: 'prefill, tokens/s', key: 'prefill_tokens_per_second', text: value => measured(value) },
  { name: 'decode, tokens/s', key: 'decode_tokens_per_second', text: value => measured(value) },
  { name: 'peak memory', key: 'peak_memory_bytes', text: bytes },
];

/** What was measured of a model of an evaluation, with the average that papers give of its answers to questions. */
export const measurement = (evaluation, model) =>
  evaluation[model] && { ...evaluation[model], answered: evaluation.zero_shot?.[model]?.published };

export function figures(evaluation) {
  const [dense = {}, unrecovered, pruned = {}] = ['dense', 'unrecovered', 'pruned'].map(model => measurement(evaluation, model));
  const models = unrecovered ? [dense, unrecovered, pruned] : [dense, pruned];
  const heads = ['', 'dense', 'pruned', ...(unrecovered ? ['recovered'] : []), 'ratio'];
  return table(`Figures of ${evaluation.output}`, heads, QUANTITIES
    .filter(({ key }) => models.some(model => number(model[key])))
    .map(({ name, key, text }) => {
      const [before, after] = [number(dense[key]), number(pruned[key])];
      return [name, ...models.map(model => text(model[key])), before && after ? figure(after / before, 3) : '–'];
    }));
}
