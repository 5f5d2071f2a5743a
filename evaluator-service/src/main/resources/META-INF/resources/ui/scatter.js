/* A chart of models, drawn by the library that draws those of the reports. */

import { el, figure, number } from './dom.js';

let library = null;

/** Fetched when the first chart is drawn: it is a megabyte. */
function echarts() {
  library ||= new Promise((resolve, reject) => {
    document.head.append(el('script', { src: 'echarts.min.js', onload: () => resolve(window.echarts), onerror: () => reject(new Error('the charts cannot be loaded')) }));
  });
  return library;
}

const color = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Those that none beats in both, smallest first. */
export function best(models) {
  return models.filter(one => !models.some(other => other !== one
    && number(other.parameters) <= number(one.parameters) && other.perplexity <= one.perplexity
    && (number(other.parameters) < number(one.parameters) || other.perplexity < one.perplexity)))
    .sort((a, b) => number(a.parameters) - number(b.parameters));
}

export async function scatter(place, models, signal) {
  const { init } = await echarts();
  const box = el('div', { class: 'chart', role: 'img', 'aria-label': `Parameters against perplexity of ${models.length} models; the table has the numbers` });
  place.append(box);
  let chart = null;
  function draw() {
    if (chart) chart.dispose();
    chart = init(box, null, { renderer: 'canvas' });
    chart.setOption(option(models, box.clientWidth));
    box.dataset.drawn = 'true';
  }
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', draw, { signal });
  addEventListener('resize', draw, { signal });
  draw();
}

function option(models, width) {
  const axis = { axisLine: { lineStyle: { color: color('soft') } }, splitLine: { lineStyle: { color: color('line') } }, nameTextStyle: { color: color('soft') }, scale: true };
  const point = model => ({ name: model.name, value: [number(model.parameters), model.perplexity], itemStyle: { color: color(model.dense ? 'soft' : 'blue') } });
  return {
    animation: false,
    textStyle: { color: color('ink'), fontFamily: 'system-ui, sans-serif' },
    grid: { left: 8, right: 24, top: 30, bottom: 36, containLabel: true },
    tooltip: {
      renderMode: 'richText', confine: true, backgroundColor: color('card'), borderColor: color('soft'), textStyle: { color: color('ink') },
      formatter: ({ name, value }) => `${name}\n${figure(value[0])} parameters\nperplexity ${figure(value[1], 3)}`,
    },
    xAxis: { ...axis, type: 'value', name: 'parameters', nameLocation: 'middle', nameGap: 26, splitNumber: width < 500 ? 3 : 6, axisLabel: { color: color('soft'), hideOverlap: true, formatter: value => value >= 1e6 ? `${figure(value / 1e6, value < 1e7 ? 2 : 0)}M` : figure(value) } },
    yAxis: { ...axis, type: 'value', name: 'perplexity', nameTextStyle: { color: color('soft'), align: 'left' }, axisLabel: { color: color('soft') } },
    series: [
      { type: 'line', silent: true, symbol: 'none', lineStyle: { color: color('green'), width: 2 }, data: best(models).map(model => [number(model.parameters), model.perplexity]) },
      { type: 'scatter', symbolSize: 13, data: models.map(point), labelLayout: { hideOverlap: true, moveOverlap: 'shiftY' }, label: { show: width > 500, position: 'top', color: color('ink'), formatter: ({ name }) => name, width: 160, overflow: 'truncate' } },
    ],
  };
}
