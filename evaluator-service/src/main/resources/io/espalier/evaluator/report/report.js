'use strict';
/* Draws the page from the data in it. Texts reach the page as text nodes alone, and charts draw on a canvas: no markup is made. */
(() => {
  const report = JSON.parse(document.getElementById('data').textContent);
  const page = document.getElementById('page');
  const results = report.results;
  const dense = report.dense_layers;
  const request = report.request || {};

  /* Elements and words */

  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      node.setAttribute(name, value);
    }
    node.append(...children.filter(child => child !== null && child !== undefined));
    return node;
  }
  const plain = text => String(text).replace(/\p{C}/gu, '?');
  const figure = (value, digits = 0) =>
    Number(value || 0).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const short = value => {
    const size = Math.abs(value);
    if (size === 0) return '0';
    const rounded = Number(Number(value).toPrecision(3));
    if (size >= 1e15 || size < 1e-4) return Number(value).toExponential(1);
    if (size >= 1e6) return `${figure(rounded / 1e6, size < 1e7 ? 2 : size < 1e8 ? 1 : 0)}M`;
    return rounded.toLocaleString('en-US', { maximumSignificantDigits: 3 });
  };
  const share = value => `${figure(100 * value, 1)}%`;
  const amount = value => {
    const [size, unit] = value >= 1e9 ? [1e9, ' billion'] : value >= 1e6 ? [1e6, ' million'] : [1, ''];
    return figure(value / size, size === 1 ? 0 : 2) + unit;
  };
  const bytes = value => {
    const [size, unit] = value >= 1e9 ? [1e9, 'GB'] : value >= 1e6 ? [1e6, 'MB'] : [1e3, 'kB'];
    return `${figure(value / size, 1)} ${unit}`;
  };
  /** The next number of the kind 1, 2, 5, 10, at which an axis ends well. */
  const round = value => {
    const size = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 5, 10].map(step => step * size).find(step => step >= value);
  };
  const change = (before, after, less, more) => {
    const by = after / before - 1;
    if (Math.abs(by) < 0.0005) return `the same ${less.split(' ').slice(1).join(' ')}`;
    return `${share(Math.abs(by))} ${by < 0 ? less : more}`;
  };
  const lastName = name => plain(name || 'model').replace(/\/+$/, '').split('/').pop() || 'model';

  function table(heads, rows, chosen = () => false) {
    return el('div', { class: 'table', tabindex: '0', role: 'group', 'aria-label': 'table' }, el('table', {},
      el('thead', {}, el('tr', {}, ...heads.map(head => el('th', { scope: 'col' }, head)))),
      el('tbody', {}, ...rows.map((row, index) => el('tr', chosen(index) ? { class: 'chosen' } : {},
        ...row.map((cell, column) => column ? el('td', {}, cell) : el('th', { scope: 'row' }, cell)))))));
  }
  const numbers = (id, heads, rows) =>
    el('details', { id }, el('summary', {}, 'The numbers'), table(heads, rows));

  function section(id, title, what, ...children) {
    const heading = `${id}-title`;
    return el('section', { id, 'aria-labelledby': heading }, el('h2', { id: heading }, title),
      what ? el('p', { class: 'what' }, what) : null, ...children);
  }

  /* Charts */

  const charts = [];
  function chart(label, height, option) {
    const box = el('div', { class: 'chart', role: 'img', 'aria-label': label });
    box.style.height = `${height}px`;
    charts.push({ box, option, drawn: null });
    return box;
  }
  function colors() {
    const style = getComputedStyle(document.documentElement);
    return Object.fromEntries(['page', 'card', 'ink', 'soft', 'line', 'blue', 'orange', 'green', 'none', 'most', 'dim']
      .map(name => [name, style.getPropertyValue(`--${name}`).trim()]));
  }
  function draw() {
    const color = colors();
    for (const one of charts) {
      if (one.drawn) one.drawn.dispose();
      one.drawn = echarts.init(one.box, null, { renderer: 'canvas', devicePixelRatio: Math.max(2, window.devicePixelRatio || 1) });
      one.drawn.setOption({
        animation: false,
        textStyle: { color: color.ink, fontFamily: 'system-ui, sans-serif' },
        ...one.option(color, one.box.clientWidth),
      });
      // At once: a print does not wait for the next frame.
      one.drawn.getZr().flush();
    }
  }
  const tooltip = (color, formatter) => ({
    renderMode: 'richText', confine: true, formatter, backgroundColor: color.card, borderColor: color.soft, borderWidth: 1,
    textStyle: { color: color.ink, fontSize: 13 },
  });
  const axis = (color, more) => ({
    axisLine: { lineStyle: { color: color.soft } }, axisTick: { lineStyle: { color: color.soft } },
    splitLine: { lineStyle: { color: color.line } }, nameTextStyle: { color: color.soft },
    ...more, axisLabel: { color: color.soft, hideOverlap: true, ...(more.axisLabel || {}) },
  });
  const swatch = color => {
    const mark = el('i', { 'aria-hidden': 'true' });
    mark.style.background = color;
    return mark;
  };
  const key = (...entries) => el('ul', { class: 'key' }, ...entries.map(([color, text]) => el('li', {}, swatch(color), text)));

  /* What a result is */

  const measurements = result => {
    const { dense: before, pruned: after, unrecovered } = result.evaluation;
    return { before, after, unrecovered };
  };
  const protocolOf = result => result.evaluation.protocol || {};
  const provenanceOf = result => result.evaluation.provenance || {};
  const number = value => Number(value || 0);

  /** What is left of each dense layer; null where the whole layer went. */
  function left(result) {
    const shapes = result.evaluation.layers || [];
    if (!result.kept_layers) {
      return dense.map((shape, layer) => shapes[layer] || shape);
    }
    return dense.map((shape, layer) => {
      const place = result.kept_layers.indexOf(layer);
      return place < 0 ? null : shapes[place];
    });
  }
  const gone = (before, after) => after ? 1 - number(after) / number(before) : 1;
  function removedByLayer(result) {
    return left(result).map((shape, layer) => ({
      layer, before: dense[layer], after: shape,
      attention: shape ? gone(dense[layer].heads, shape.heads) : 1,
      ffn: shape ? gone(dense[layer].ffn_channels, shape.ffn_channels) : 1,
    }));
  }

  /* Parts of the page, top to bottom */

  function headline(result) {
    const { before, after, unrecovered } = measurements(result);
    const name = lastName(request.model);
    const worse = after.perplexity / before.perplexity - 1;
    const zeros = number(after.parameters) - number(after.nonzero_parameters);
    const smaller = 1 - number(after.parameters) / number(before.parameters);
    const done = number(after.nonzero_parameters) > 0 && zeros > 0 && smaller < 0.0005
      ? `${share(zeros / number(after.parameters))} of the parameters of ${name} are now zero`
      : `${share(smaller)} of the parameters of ${name} are gone`;
    const price = Math.abs(worse) < 0.0005 ? 'perplexity stayed the same'
      : `perplexity ${worse > 0 ? 'rose' : 'fell'} by ${share(Math.abs(worse))}`;
    return [
      el('h1', {}, `${name}, pruned`),
      el('p', { class: 'lead' }, `${done}; ${price}${unrecovered ? ', with the recovery that followed' : ''}.`),
      el('p', { class: 'soft' },
        'Pruning removes parts of a language model to make it smaller and faster. Perplexity is the price: it says between how many',
        ' words (tokens), about, the model hesitates at each step. Lower is better.'),
    ];
  }

  const tile = (id, title, kind, big, figures, fine) => el('div', { class: `tile ${kind}`, id },
    el('h2', {}, title), el('p', { class: 'big' }, big), el('p', { class: 'figures' }, figures),
    ...fine.filter(Boolean).map(line => el('p', { class: 'fine' }, line)));
  const kindOf = (before, after, lessIsBetter) => {
    const by = after / before - 1;
    return Math.abs(by) < 0.0005 ? '' : (by < 0) === lessIsBetter ? 'better' : 'worse';
  };

  function tiles(result) {
    const { before, after, unrecovered } = measurements(result);
    const protocol = protocolOf(result);
    const runtime = protocol.runtime
      ? `in ${plain(protocol.runtime)} ${plain(protocol.runtime_version || '')}, weights in ${plain(protocol.weight_type || '')}, `
        + `${number(protocol.threads)} threads`
      : '';
    const speed = (id, title, field, tokens) => {
      const [first, second] = [number(before[field]), number(after[field])];
      if (!first || !second) return null;
      return tile(id, title, kindOf(first, second, false), change(first, second, 'slower', 'faster').replace('the same ', 'as fast'),
        `${figure(first)} → ${figure(second)} tokens/s`,
        [tokens, runtime, number(protocol.repetitions) ? `median of ${figure(protocol.repetitions)} runs, taken in turns` : '']);
    };
    const parameters = [number(before.parameters), number(after.parameters)];
    const size = [number(before.checkpoint_bytes), number(after.checkpoint_bytes)];
    const zeros = number(after.nonzero_parameters) ? parameters[1] - number(after.nonzero_parameters) : 0;
    return el('div', { class: 'tiles', id: 'tiles' },
      tile('size', 'Size', kindOf(...parameters, true), change(...parameters, 'fewer parameters', 'more parameters'),
        `${amount(parameters[0])} → ${amount(parameters[1])}`,
        [`files: ${bytes(size[0])} → ${bytes(size[1])}`, zeros > 0 ? `${figure(zeros)} of them are zero in place` : '']),
      tile('quality', 'Quality', kindOf(before.perplexity, after.perplexity, true),
        change(before.perplexity, after.perplexity, 'less perplexity', 'more perplexity'),
        `${figure(before.perplexity, 2)} → ${unrecovered ? `${figure(unrecovered.perplexity, 2)} → ` : ''}`
          + figure(after.perplexity, 2),
        [unrecovered ? 'dense → pruned → recovered' : '',
          `${figure(protocol.predicted_tokens)} predictions, windows of ${figure(protocol.sequence_length)} tokens`,
          protocol.split === 'calibration'
            ? 'on the text it was calibrated on: too good to be believed' : `text: ${plain(protocol.split || '')}`,
          number(after.agreement) ? `the most likely next token is the dense model’s in ${share(after.agreement)} of them` : '']),
      speed('prefill', 'Speed: reading a prompt', 'prefill_tokens_per_second', `a prompt of ${figure(protocol.prefill_tokens)} tokens`),
      speed('decode', 'Speed: writing', 'decode_tokens_per_second', `${figure(protocol.decode_tokens)} tokens, one after the other`));
  }

  function comparison(result) {
    const { before, after, unrecovered } = measurements(result);
    const protocol = protocolOf(result);
    const quantities = [
      ['perplexity', 'perplexity', 3], ['distance from the dense model (KL), nats per token', 'divergence', 4],
      ['most likely token is the dense model’s, share', 'agreement', 3], ['parameters', 'parameters', 0], ['parameters that are not zero', 'nonzero_parameters', 0],
      [`multiply-adds for ${figure(protocol.macs_tokens)} tokens`, 'macs', 0], ['bytes of the files', 'checkpoint_bytes', 0],
      ['reading, tokens/s', 'prefill_tokens_per_second', 0], ['writing, tokens/s', 'decode_tokens_per_second', 0],
      ['most memory, bytes', 'peak_memory_bytes', 0],
    ].filter(([, field]) => number(before[field]) || number(after[field]))
      .filter(([, field]) => field !== 'nonzero_parameters' || after.nonzero_parameters !== after.parameters);
    const cell = (measured, field, digits) => measured && number(measured[field]) ? figure(measured[field], digits) : '–';
    const notes = (protocol.notes || []).map(plain);
    return section('compared', 'Before and after', null,
      table(['', 'dense', ...(unrecovered ? ['pruned', 'recovered'] : ['pruned']), 'ratio'],
        quantities.map(([name, field, digits]) => [name, cell(before, field, digits),
          ...(unrecovered ? [cell(unrecovered, field, digits)] : []), cell(after, field, digits),
          number(before[field]) && number(after[field]) ? figure(after[field] / before[field], 3) : '–'])),
      notes.length ? el('ul', { class: 'notes soft' }, ...notes.map(note => el('li', {}, note))) : null);
  }

  /** What the models wrote behind prompts. */
  function samples(result) {
    const report = result.evaluation.samples;
    const all = report && report.samples || [];
    if (!all.length) return null;
    const models = [['dense', 'dense'], ...(all.some(sample => sample.unrecovered)
      ? [['unrecovered', 'pruned'], ['pruned', 'recovered']] : [['pruned', 'pruned']])];
    const block = (sample, kind) => el('div', { class: 'samples' }, ...models.map(([model, name]) => el('div', {},
      el('h4', {}, name), el('p', {}, el('span', { class: 'soft' }, plain(sample.prompt)), plain((sample[model] || {})[kind] || '')))));
    return section('samples', 'What the models write', `Behind each prompt, at most ${figure(report.tokens)} tokens. Such a text shows of what kind the`
      + ' damage is; how large it is, the numbers say.',
      ...all.flatMap(sample => [el('h3', {}, 'The most likely token each time'), block(sample, 'greedy'),
        el('details', {}, el('summary', {}, `Drawn from the ${figure(report.top)} most likely at temperature ${figure(report.temperature, 1)}`), block(sample, 'drawn'))]));
  }

  /** Perplexities by protocols that have a name. */
  function texts(result) {
    const all = result.evaluation.texts || [];
    if (!all.length) return null;
    const recovered = all.some(text => text.unrecovered);
    const rows = all.flatMap(text => {
      const quantities = [['perplexity per word', 'word_perplexity', 3], ['perplexity per byte', 'byte_perplexity', 4], ['bits per byte', 'bits_per_byte', 4],
        ...(number((text.dense || {}).word_perplexity) ? [] : [['perplexity', 'perplexity', 3]]),
        ['distance from the dense model (KL), nats per token', 'divergence', 4], ['most likely token is the dense model’s, share', 'agreement', 3]];
      const models = [text.dense, ...(recovered ? [text.unrecovered] : []), text.pruned].map(model => model || {});
      return quantities.filter(([, field]) => models.some(model => number(model[field]))).map(([name, field, digits]) => {
        const [before, after] = [number(models[0][field]), number(models[models.length - 1][field])];
        return [`${plain(text.text || '')} by ${plain(text.protocol || '')}: ${name}`,
          ...models.map(model => number(model[field]) ? figure(model[field], digits) : '–'), before && after ? figure(after / before, 3) : '–'];
      });
    });
    return section('texts', 'More texts', 'Perplexities can only be compared where text, protocol and tokenizer are the same. '
      + all.map(text => `${plain(text.text || '')} by ${plain(text.protocol || '')} (${plain(text.split || '')}): ${figure(text.predictions)} tokens judged in ${
        figure(text.windows)} windows that begin with ${text.beginning_text ? plain(text.beginning_text) : 'their first word'}`).join('; ') + '.',
      table(['', 'dense', ...(recovered ? ['pruned', 'recovered'] : ['pruned']), 'ratio'], rows));
  }

  /** The accuracy that papers average: normalized where the task has that. */
  const accuracyOf = answers => answers && (answers.normalized !== undefined
    ? { share: number(answers.normalized), error: answers.normalized_error } : { share: number(answers.accuracy), error: answers.accuracy_error });

  function tasks(result) {
    const asked = result.evaluation.zero_shot;
    if (!asked || !(asked.tasks || []).length) return null;
    const models = [['dense', 'dense', 'soft'], ...(asked.unrecovered
      ? [['unrecovered', 'pruned', 'orange'], ['pruned', 'recovered', 'blue']] : [['pruned', 'pruned', 'blue']])];
    const percent = one => `${share(one.share)}${one.error === undefined ? '' : ` ± ${figure(100 * one.error, 1)}`}`;
    const mean = (model, which) => share(number((asked[model] || {})[which]));
    const rows = [...asked.tasks].reverse();
    const apart = 14;
    const dots = (model, place, color) => (params, api) => {
      const [low, at, high] = [2, 0, 3].map(field => api.coord([api.value(field), api.value(1)]));
      const y = at[1] + (place - (models.length - 1) / 2) * apart;
      const stroke = { stroke: color, lineWidth: 2 };
      return { type: 'group', children: [
        { type: 'line', shape: { x1: low[0], y1: y, x2: high[0], y2: y }, style: stroke },
        { type: 'circle', shape: { cx: at[0], cy: y, r: 5 }, style: { fill: color } },
      ] };
    };
    const same = asked.tasks.filter(task => [task.dense, task.pruned].some(one => {
      const counts = ((one || {}).answers || []).map(number);
      return Math.max(...counts) > 0.9 * counts.reduce((sum, count) => sum + count, 0);
    }));
    return section('tasks', 'Questions with several answers',
      `Each model was asked ${figure(asked.tasks.reduce((sum, task) => sum + number(task.questions), 0))} questions without an example, and`
        + ' took the answer that it finds most likely. The dot is the share of right answers, the line its standard error: where lines'
        + ' overlap, the difference may be chance.',
      key(...models.map(([, name, color]) => [`var(--${color})`, name])),
      chart(`Accuracy of ${models.length} models in ${rows.length} tasks; the numbers stand below.`, 60 + rows.length * (20 + apart * models.length),
        color => ({
          grid: { left: 12, right: 24, top: 8, bottom: 36, containLabel: true },
          tooltip: tooltip(color, item => `${item.data.task}, ${item.seriesName}: ${item.data.words}`),
          xAxis: axis(color, { type: 'value', scale: true, name: 'right answers', nameLocation: 'middle', nameGap: 28,
            axisLabel: { formatter: value => `${figure(100 * value)}%` } }),
          yAxis: axis(color, { type: 'category', data: rows.map(task => plain(task.task)) }),
          series: models.map(([model, name, tone], place) => ({ name, type: 'custom', encode: { x: [0, 2, 3], y: 1 },
            renderItem: dots(model, place, color[tone]),
            data: rows.map((task, row) => {
              const one = accuracyOf(task[model] || {});
              return { value: [one.share, row, one.share - number(one.error), one.share + number(one.error)],
                task: plain(task.task), words: percent(one) };
            }) })),
        })),
      table(['task', ...models.map(([, name]) => name), 'questions', 'gained', 'lost'],
        [...asked.tasks.map(task => [`${plain(task.task)}, ${task.dense && task.dense.normalized !== undefined ? 'acc_norm' : 'acc'}`,
          ...models.map(([model]) => percent(accuracyOf(task[model] || {}))), figure(task.questions), figure(task.gained), figure(task.lost)]),
        ['average', ...models.map(([model]) => mean(model, 'published')), '', '', ''],
        ['average of acc alone', ...models.map(([model]) => mean(model, 'accuracy')), '', '', '']]),
      same.length ? el('p', { class: 'what' }, `In ${same.map(task => plain(task.task)).join(', ')} a model gave one and the same answer to nearly`
        + ' all questions, so that its accuracy says little.') : null);
  }

  function front() {
    if (results.length < 2) return null;
    const before = results[0].evaluation.dense;
    const points = [['dense', number(before.parameters), before.perplexity],
      ...results.map(({ evaluation }) => [plain(evaluation.output), number(evaluation.pruned.parameters), evaluation.pruned.perplexity])];
    return section('front', 'Size against quality',
      'Each point is a model of this job. Further left is smaller, further down is better.',
      chart(`Parameters against perplexity of ${points.length} models; the numbers stand below.`, 320, color => ({
        grid: { left: 12, right: 44, top: 24, bottom: 36, containLabel: true },
        tooltip: { ...tooltip(color, item => `${item.data[2]}\n${figure(item.data[0])} parameters\nperplexity ${figure(item.data[1], 3)}`) },
        xAxis: axis(color, { type: 'value', scale: true, boundaryGap: ['8%', '8%'], name: 'parameters', nameLocation: 'middle', nameGap: 28,
          axisLabel: { formatter: amount } }),
        yAxis: axis(color, { type: 'value', scale: true, boundaryGap: ['8%', '8%'], name: 'perplexity' }),
        series: [
          { type: 'line', symbol: 'none', lineStyle: { color: color.line, width: 2 }, silent: true,
            data: points.map(([, x, y]) => [x, y]).sort((a, b) => a[0] - b[0]) },
          { type: 'scatter', symbolSize: 14, z: 5, itemStyle: { opacity: 1 }, data: points.map(([name, x, y], index) => ({
            value: [x, y, name], itemStyle: { color: index ? color.blue : color.ink } })),
            label: { show: true, formatter: item => item.data.value[2], position: 'right', color: color.ink },
            labelLayout: { hideOverlap: true, moveOverlap: 'shiftY' } },
        ],
      })),
      numbers('front-numbers', ['model', 'parameters', 'perplexity'],
        points.map(([name, x, y]) => [name, figure(x), figure(y, 3)])));
  }

  function whatWent(result) {
    const layers = removedByLayer(result);
    const zeros = number(result.evaluation.pruned.parameters) - number(result.evaluation.pruned.nonzero_parameters);
    if (!layers.some(({ attention, ffn }) => attention > 0 || ffn > 0)) {
      return zeros > 0
        ? section('removed', 'What was removed', `${figure(zeros)} single weights became zero where they are. No layer changed its shape.`)
        : null;
    }
    const kinds = [['ffn', 'FFN'], ['attention', 'attention']];
    const cells = layers.flatMap(one => kinds.map(([kind], row) => ({ value: [one.layer, row, one[kind]], one })));
    const most = Math.max(...cells.map(cell => cell.value[2]));
    const words = ({ one, value }) => {
      if (!one.after) return `layer ${one.layer}\nthe whole layer went`;
      const [name, field] = value[1] ? ['heads', 'heads'] : ['FFN channels', 'ffn_channels'];
      const kept = number(one.after[field]);
      return `layer ${one.layer}\n${figure(number(one.before[field]) - kept)} of ${figure(one.before[field])} ${name} went`
        + `\n${figure(kept)} stay`;
    };
    const totals = (result.evaluation.removed || []).map(kind =>
      `${figure(number(kind.removed))} of ${figure(number(kind.units))} ${plain(kind.kind)}`
      + (kind.note ? ` (${plain(kind.note)})` : '')).join(', ');
    return section('removed', 'What was removed',
      'Each column is a layer of the model, from the one that reads the input (0) to the last. The stronger the color, the larger the share of its'
        + ' attention heads or of its feed-forward (FFN) channels that went.'
        + (totals ? ` In all: ${totals}.` : ''),
      chart(`What went of each of ${layers.length} layers; the numbers stand below.`, 190, (color, width) => ({
        grid: { left: 14, right: 8, top: 8, bottom: 34, containLabel: true },
        tooltip: tooltip(color, item => words(item.data)),
        visualMap: { show: false, min: 0, max: most, dimension: 2, inRange: { color: [color.none, color.most] } },
        xAxis: axis(color, { type: 'category', data: layers.map(one => one.layer), name: 'layer', nameLocation: 'middle', nameGap: 24,
          splitLine: { show: false } }),
        yAxis: axis(color, { type: 'category', data: kinds.map(([, name]) => name), splitLine: { show: false } }),
        series: [{ type: 'heatmap', data: cells, itemStyle: { borderColor: color.card, borderWidth: layers.length > 40 ? 1 : 2 },
          label: { show: width / layers.length > 44, formatter: item => `${figure(100 * item.data.value[2])}%`,
            fontSize: 12 },
        }],
      })),
      numbers('removed-numbers', ['layer', 'heads', 'KV heads', 'FFN channels', 'heads gone', 'FFN gone'],
        layers.map(one => one.after
          ? [String(one.layer), `${one.before.heads} → ${one.after.heads}`, `${one.before.kv_heads} → ${one.after.kv_heads}`,
            `${one.before.ffn_channels} → ${one.after.ffn_channels}`, share(one.attention), share(one.ffn)]
          : [String(one.layer), `${one.before.heads} → 0`, `${one.before.kv_heads} → 0`, `${one.before.ffn_channels} → 0`, '100.0%',
            '100.0%'])));
  }

  /** Nats per token at what a result keeps of a component, on the line between two levels. */
  function priceAt(component, kept, prices) {
    for (let level = 1; level < component.kept.length; level++) {
      const [more, less] = [component.kept[level - 1], component.kept[level]];
      if (less <= kept) {
        return prices[level - 1] + (more - kept) / (more - less) * (prices[level] - prices[level - 1]);
      }
    }
    return prices[prices.length - 1];
  }

  function search(result) {
    const candidates = result.candidates || (result.evaluation.search || {}).candidates || [];
    if (!candidates.length) return null;
    const chosen = candidates.find(candidate => candidate.chosen) || {};
    const names = { uniform: 'uniform: the same share of every layer', measured: 'cheapest by measured prices',
      estimated: 'cheapest by estimated prices' };
    const parts = [
      el('h3', {}, 'What was compared'),
      table(['shapes', 'price added up', 'measured distance', 'parameters'],
        candidates.map(one => [`${names[one.name] || plain(one.name)}${one.chosen ? ' (taken)' : ''}`,
          number(one.predicted) ? figure(one.predicted, 4) : '–', figure(number(one.divergence), 4), figure(one.parameters)]),
        index => candidates[index].chosen),
      el('p', { class: 'what' }, 'Both are nats per token of calibration text (KL divergence from the dense model); lower is closer to the'
        + ' dense model. The price is a sum over cuts taken alone; the distance was measured with all cuts together.'),
    ];
    if (report.prices) parts.push(...priceChart(result));
    return section('search', 'Where cuts cost least',
      `How much each layer loses was searched for: the pipeline found out what it costs to shrink each half of each layer, and took the`
        + ` ${plain(chosen.name || 'chosen')} shapes.`,
      ...parts);
  }

  function priceChart(result) {
    const measured = report.prices.some(component => component.measured);
    const shapes = left(result);
    const lines = report.prices.map(component => {
      const prices = component.measured || component.estimated;
      const whole = component.kept[0];
      const shape = shapes[component.layer];
      const before = dense[component.layer];
      // Levels count steps of attention, whichever unit that is; the share is the same.
      const kept = !shape ? 0 : component.half === 'attention' ? whole * shape.heads / before.heads : number(shape.ffn_channels);
      return { component, prices, kind: component.half === 'attention' ? 'attention' : 'ffn',
        name: `layer ${component.layer}, ${component.half === 'attention' ? 'attention' : 'FFN'}`,
        points: component.kept.map((left, level) => [100 * (1 - left / whole), prices[level]]),
        chosen: [100 * (1 - kept / whole), priceAt(component, kept, prices)] };
    });
    const top = 3 * Math.max(...lines.map(line => line.chosen[1]));
    const highest = Math.max(...lines.flatMap(line => line.prices));
    const limit = top > 0 && top < highest ? round(top) : undefined;
    const levels = [10, 25, 50, 75];
    const at = (line, percent) => {
      const whole = line.component.kept[0];
      return priceAt(line.component, whole * (1 - percent / 100), line.prices);
    };
    return [
      el('h3', {}, 'The price of each cut'),
      el('p', { class: 'what' }, `Each line is one half of one layer: how far the model moves from the dense one (nats per token, `
        + `${measured ? 'measured' : 'estimated'}) as more of it goes. Dots show what was taken: flat lines were cut deep.`
        + (limit ? ' Lines that leave the picture at the top cost more.' : '')),
      key(['var(--blue)', 'attention'], ['var(--orange)', 'FFN']),
      chart(`Price of cuts of ${lines.length} halves of layers; the numbers stand below.`, 360, color => ({
        grid: { left: 12, right: 20, top: 28, bottom: 36, containLabel: true },
        tooltip: tooltip(color, item => `${item.seriesName}\n${figure(item.value[0], 1)}% gone: ${short(item.value[1])} nats per token`),
        xAxis: axis(color, { type: 'value', min: 0, max: 100, name: 'share removed', nameLocation: 'middle', nameGap: 28,
          axisLabel: { formatter: '{value}%' } }),
        yAxis: axis(color, { type: 'value', min: 0, max: limit, name: 'nats per token', nameTextStyle: { align: 'left', color: color.soft } }),
        series: lines.flatMap(line => {
          const own = line.kind === 'attention' ? color.blue : color.orange;
          return [
            { name: line.name, type: 'line', data: line.points, clip: true, showSymbol: lines.length < 40, symbolSize: 3, color: own,
              lineStyle: { width: 1.5, opacity: lines.length > 40 ? 0.45 : 0.75 }, emphasis: { focus: 'series', lineStyle: { width: 3 } } },
            { name: `${line.name}, as taken`, type: 'scatter', data: [line.chosen], symbolSize: 10, color: own, z: 5,
              itemStyle: { borderColor: color.card, borderWidth: 1.5 } },
          ];
        }),
      })),
      numbers('price-numbers', ['half of a layer', 'taken', 'its price', ...levels.map(level => `at ${level}%`)],
        lines.map(line => [line.name, share(line.chosen[0] / 100), short(line.chosen[1]), ...levels.map(level => short(at(line, level)))])),
    ];
  }

  function importance(result) {
    const spread = report.importance;
    if (!spread || !spread.layers.length) return null;
    const removed = removedByLayer(result);
    const kinds = [['attention', 'Attention'], ['ffn', 'FFN channels']]
      .filter(([kind]) => spread.layers.some(row => row[kind] && row[kind].units > 1));
    if (!kinds.length) return null;
    return section('importance', 'How important the units are',
      `The criterion ${plain(spread.criterion)} gives each head and each channel a score. Each column is a layer whose units stand by`
        + ' score, the least important at the bottom. What stands below the line was removed.',
      el('div', { class: 'pair' }, ...kinds.map(([kind, title]) => importanceChart(kind, title, spread, removed))));
  }

  function importanceChart(kind, title, spread, removed) {
    const rows = spread.layers.filter(row => row[kind]);
    const steps = rows[0][kind].quantiles.length - 1;
    const all = rows.flatMap(row => row[kind].quantiles);
    const smallest = Math.min(...all.filter(value => value > 0));
    // Scores reach over orders of magnitude; where some are not positive they are shown as they are.
    const logarithmic = all.every(value => value >= 0) && all.some(value => value > 0);
    const scale = value => logarithmic ? Math.log10(Math.max(value, smallest)) : value;
    const sorted = all.map(scale).sort((a, b) => a - b);
    const [low, high] = [sorted[Math.floor(0.02 * sorted.length)], sorted[Math.ceil(0.98 * (sorted.length - 1))]];
    const cells = rows.flatMap((row, column) => row[kind].quantiles.map((value, step) => (
      { value: [column, step, scale(value)], score: value, layer: row.layer })));
    const line = rows.flatMap((row, column) => {
      const height = 100 * (removed[row.layer] ? removed[row.layer][kind] : 0);
      return [[column, height], [column + 1, height]];
    });
    const shown = [0, 0.25, 0.5, 0.75, 1];
    return el('div', {}, el('h3', {}, title),
      el('ul', { class: 'key ramp' }, el('li', {}, `score: ${short(logarithmic ? 10 ** low : low)} `, (() => {
        const mark = el('i', { 'aria-hidden': 'true' });
        mark.style.background = 'linear-gradient(90deg, var(--none), var(--most))';
        return mark;
      })(), short(logarithmic ? 10 ** high : high))),
      chart(`Spread of the scores of ${title.toLowerCase()} in ${rows.length} layers; the numbers stand below.`, 260, color => ({
        grid: { left: 4, right: 8, top: 10, bottom: 34, containLabel: true },
        tooltip: tooltip(color, item => item.data.layer === undefined ? ''
          : `layer ${item.data.layer}\n${figure(100 * item.data.value[1] / steps)}% of the units score below ${short(item.data.score)}`),
        visualMap: { show: false, seriesIndex: 0, min: low, max: high > low ? high : low + 1, dimension: 2,
          inRange: { color: [color.none, color.most] } },
        xAxis: [
          axis(color, { type: 'category', data: rows.map(row => row.layer), name: 'layer', nameLocation: 'middle', nameGap: 24,
            splitLine: { show: false } }),
          { type: 'value', show: false, min: 0, max: rows.length },
        ],
        yAxis: [
          axis(color, { type: 'category', data: Array.from({ length: steps + 1 }, (_, step) => `${Math.round(100 * step / steps)}%`),
            splitLine: { show: false }, axisLabel: { interval: Math.round(steps / 4) - 1 } }),
          { type: 'value', show: false, min: 0, max: 100 },
        ],
        series: [
          { type: 'heatmap', data: cells },
          { type: 'line', xAxisIndex: 1, yAxisIndex: 1, data: line, symbol: 'none', silent: true, z: 5, color: color.orange,
            lineStyle: { color: color.orange, width: rows.length > 40 ? 1.5 : 3 } },
        ],
      })),
      numbers(`importance-${kind}`, ['layer', 'lowest', '25%', 'median', '75%', 'highest', 'gone'],
        rows.map(row => [String(row.layer), ...shown.map(place => short(row[kind].quantiles[Math.round(place * steps)])),
          removed[row.layer] ? share(removed[row.layer][kind]) : '–'])));
  }

  function controls(result) {
    const ranks = result.evaluation.controls || [];
    const masked = result.evaluation.masked || [];
    if (!ranks.length && !masked.length) return null;
    const byName = new Map();
    ranks.forEach(one => byName.set(one.control, [...(byName.get(one.control) || []), one]));
    const median = values => {
      const sorted = [...values].sort((a, b) => a - b);
      return sorted[Math.floor(sorted.length / 2)];
    };
    return section('controls', 'Does the criterion matter?',
      'Controls are the same scores with a part left out or replaced by noise. A rank correlation near 1 means that the control orders the'
        + ' units almost as the criterion does: that part then decides little.',
      ranks.length ? table(['control', 'attention, lowest', 'median', 'FFN, lowest', 'median'],
        [...byName].map(([name, all]) => [plain(name),
          ...['attention', 'ffn'].flatMap(kind => {
            const values = all.map(one => number(one[kind]));
            return [figure(Math.min(...values), 3), figure(median(values), 3)];
          })])) : null,
      masked.length ? el('h3', {}, 'Perplexity of what each would remove, without repair') : null,
      masked.length ? table(['scores', 'perplexity'], masked.map(one => [plain(one.set), figure(one.perplexity, 3)])) : null);
  }

  function repairs(result) {
    const rows = (result.repairs || []).filter(row => number(row.attention.error_none) || number(row.ffn.error_none));
    if (!rows.length) return null;
    const kinds = [['attention', 'Attention'], ['ffn', 'FFN']].filter(([kind]) => rows.some(row => number(row[kind].error_none)));
    return section('repairs', 'What the repair gave back',
      'After units went, the weights that stay are fitted again so that the layer gives what it gave before. The error is that of the layer’s'
        + ' output on calibration text, as a share of it; lower is better.',
      key(['var(--dim)', 'without repair'], ['var(--blue)', 'with repair']),
      el('div', { class: 'pair' }, ...kinds.map(([kind, title]) => el('div', {}, el('h3', {}, title),
        chart(`Error of ${title} outputs with and without repair in ${rows.length} layers; the numbers stand below.`, 220, color => ({
          grid: { left: 4, right: 8, top: 12, bottom: 34, containLabel: true },
          tooltip: { ...tooltip(color, items => `layer ${items[0].axisValue}\nwithout repair ${share(items[0].value)}\nwith repair ${
            share(items[1].value)}`), trigger: 'axis', axisPointer: { type: 'shadow' } },
          xAxis: axis(color, { type: 'category', data: rows.map(row => row.layer), name: 'layer', nameLocation: 'middle', nameGap: 24,
            splitLine: { show: false } }),
          yAxis: axis(color, { type: 'value', axisLabel: { formatter: value => `${figure(100 * value)}%` } }),
          series: [['error_none', color.dim], ['error', color.blue]].map(([field, own]) => ({
            type: 'bar', barGap: '0%', data: rows.map(row => number(row[kind][field])), itemStyle: { color: own } })),
        }))))),
      numbers('repair-numbers', ['layer', 'attention, without', 'with', 'FFN, without', 'with'],
        rows.map(row => [String(row.layer), share(number(row.attention.error_none)), share(number(row.attention.error)),
          share(number(row.ffn.error_none)), share(number(row.ffn.error))])));
  }

  /** The loss on held-out text before a training, and with the weights that were kept. */
  function gained(loss) {
    const points = loss.points || [];
    const kept = points.find(point => number(point.step) === number(loss.best)) || points[0];
    return [number(points[0].held_out), number(kept.held_out)];
  }

  function recovery(result) {
    const data = result.evaluation.recovery;
    if (!data) return null;
    const layers = ((data.local || {}).layers || []).map(layer => [String(number(layer.layer)), ...gained(layer.loss)]);
    const adapters = ((data.lora || {}).loss || {}).points || [];
    return section('recovery', 'What training gave back',
      `After pruning, what is left was trained for a while to do what the dense model does, on ${figure(number(data.windows))} pieces of ${
        data.text_sha256 ? plain((request.recovery || {}).text || 'a text of its own') : 'the calibration text'}.`
        + ' Losses are those on the part of them that was not trained on; lower is better.',
      layers.length ? localRecovery(data.local, layers) : null,
      adapters.length ? adapterRecovery(data.lora, adapters) : null);
  }

  function localRecovery(local, layers) {
    return el('div', {}, el('h3', {}, `Each layer alone, ${plain(local.order)}, ${figure(number(local.steps))} steps`),
      key(['var(--dim)', 'before'], ['var(--blue)', 'after']),
      chart(`Error of each layer’s output before and after it was trained in ${layers.length} layers; the numbers stand below.`, 220, color => ({
        grid: { left: 4, right: 8, top: 12, bottom: 34, containLabel: true },
        tooltip: { ...tooltip(color, items => `layer ${items[0].axisValue}\nbefore ${share(items[0].value)}\nafter ${share(items[1].value)}`),
          trigger: 'axis', axisPointer: { type: 'shadow' } },
        xAxis: axis(color, { type: 'category', data: layers.map(([layer]) => layer), name: 'layer', nameLocation: 'middle', nameGap: 24,
          splitLine: { show: false } }),
        yAxis: axis(color, { type: 'value', axisLabel: { formatter: value => `${short(100 * value)}%` } }),
        series: [[1, color.dim], [2, color.blue]].map(([place, own]) => ({
          type: 'bar', barGap: '0%', data: layers.map(layer => layer[place]), itemStyle: { color: own } })),
      })),
      numbers('local-recovery-numbers', ['layer', 'before', 'after'],
        layers.map(([layer, before, after]) => [layer, share(before), share(after)])));
  }

  function adapterRecovery(lora, points) {
    const [before, after] = gained(lora.loss);
    return el('div', {}, el('h3', {}, `Adapters of rank ${number(lora.rank)} through all layers: ${short(before)} → ${short(after)} nats per token`),
      chart(`Loss while adapters were trained, at ${points.length} points; the numbers stand below.`, 260, color => ({
        grid: { left: 12, right: 20, top: 32, bottom: 36, containLabel: true },
        legend: { textStyle: { color: color.ink }, top: 0 },
        tooltip: tooltip(color, item => `${item.seriesName}\nstep ${item.value[0]}: ${short(item.value[1])}`),
        xAxis: axis(color, { type: 'value', name: 'step', nameLocation: 'middle', nameGap: 28 }),
        yAxis: axis(color, { type: 'value', scale: true }),
        series: [['held out', 'held_out', points, color.blue], ['trained on', 'trained', points.slice(1), color.orange]]
          .map(([name, field, some, own]) => ({ name, type: 'line', color: own,
            data: some.map(point => [number(point.step), number(point[field])]) })),
      })),
      numbers('adapter-recovery-numbers', ['step', 'held out', 'trained on'],
        points.map((point, index) => [figure(number(point.step)), short(number(point.held_out)), index ? short(number(point.trained)) : ''])));
  }

  const list = entries => el('dl', {}, ...entries
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));

  function textRead(read) {
    if (!read) return '';
    const documents = number(read.documents);
    return `${figure(number(read.tokens))} tokens of ${documents === 1 ? 'one document' : `${figure(documents)} documents`}; windows begin with ${
      read.beginning_text ? plain(read.beginning_text) : 'their first word'}`;
  }

  function provenance(result) {
    const from = provenanceOf(result);
    const profile = from.profile || {};
    const notes = (from.notes || []).map(plain);
    return section('provenance', 'Where this comes from', null,
      notes.length ? el('ul', { class: 'notes', id: 'notes' }, ...notes.map(note => el('li', {}, note))) : null,
      list([
        ['job', plain(report.job_id)], ['model', plain(request.model || '')], ['checkpoint', plain(result.evaluation.output || '')],
        ['its shapes', result.evaluation.profile === 'per-layer' ? 'differ from layer to layer' : 'the same in all layers'],
        ['criterion', plain(from.criterion || '')], ['gradient', plain(from.gradient_source || '')],
        ['repair', plain(from.compensation || '')],
        ['seed', plain(from.seed || 0)], ['calibrated on', textRead(from.calibration)], ['measured on', textRead(from.evaluation)],
        ['Espalier', plain(from.code_version || '')],
        ['computed with', [profile.engine, profile.device, profile.instruction_set, profile.compute_type].filter(Boolean).map(plain).join(', ')],
        ['SHA-256 of the model', plain(from.model_sha256 || '')], ['of the calibration text', plain(from.calibration_sha256 || '')],
        ['of the evaluation text', plain(from.evaluation_sha256 || '')], ['of the manifest', plain(from.manifest_sha256 || '')],
      ]),
      el('h3', {}, 'To repeat it'),
      el('p', { class: 'what' }, 'Save the request as request.json. On machines of one kind the same request gives the same bytes.'),
      el('pre', { id: 'command' }, './espalier prune -f request.json --watch'),
      el('details', {}, el('summary', {}, 'The request'), el('pre', { id: 'request' }, JSON.stringify(request, null, 2))));
  }

  /* All of it */

  function parts(index) {
    const result = results[index];
    return [
      () => headline(result), () => results.length > 1 ? chooser(index) : null, () => tiles(result), () => front(),
      () => tasks(result), () => whatWent(result), () => comparison(result), () => texts(result), () => samples(result), () => recovery(result), () => search(result), () => importance(result), () => repairs(result),
      () => controls(result), () => provenance(result),
      () => el('footer', {}, 'Made by Espalier. report.json beside this page has the same data; docs/report.md says how to read it.'
        + ' Charts: Apache ECharts, Apache-2.0.'),
    ];
  }

  function chooser(index) {
    const select = el('select', { id: 'result' }, ...results.map((result, at) => {
      const { before, after } = measurements(result);
      const option = el('option', { value: at }, `${plain(result.evaluation.output)}: ${
        change(number(before.parameters), number(after.parameters), 'fewer parameters', 'more parameters')}`);
      option.selected = at === index;
      return option;
    }));
    select.addEventListener('change', () => {
      show(Number(select.value));
      document.getElementById('result').focus();
    });
    return el('p', { class: 'choose' }, el('label', { for: 'result' }, `This job made ${results.length} models. Shown: `), select);
  }

  function show(index) {
    charts.splice(0).forEach(one => one.drawn && one.drawn.dispose());
    const children = parts(index).flatMap(part => {
      try {
        return part();
      } catch (error) {
        // One part that fails hides no other.
        console.error(error);
        return el('section', {}, el('p', {}, 'This part could not be drawn; report.json has its data.'));
      }
    }).filter(Boolean);
    page.replaceChildren(...children);
    draw();
  }

  document.title = `${lastName(request.model)}, pruned: ${plain(report.job_id)}`;
  show(0);
  let width = window.innerWidth;
  window.addEventListener('resize', () => {
    if (window.innerWidth !== width) {
      width = window.innerWidth;
      draw();
    }
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  matchMedia('print').addEventListener('change', draw);
})();
