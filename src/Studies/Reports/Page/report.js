'use strict';
// Draws the report's charts with plotly.js. The page has their data as JSON; colours and sizes are chosen here, because they follow the
// reader's colour scheme and screen.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const symbols = ['circle', 'square', 'diamond', 'triangle-up', 'triangle-down', 'cross', 'x', 'star'];
  const dashes = ['solid', 'dash', 'dot', 'dashdot'];
  const colours = 8, narrowPixels = 600, wrapChars = 16;
  const timelineWhats = ['attention', 'predictor', 'lookahead', 'hits', 'arrived', 'down', 'logits', 'demand', 'ahead'];
  const lanes = ['computing', 'reading'];

  const css = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const colour = index => css(`s${index % colours}`);
  const isNarrow = () => window.innerWidth < narrowPixels;

  // Plotly takes tags and entities in labels for what they are in HTML.
  const plain = text => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

  function wrapped(text) {
    const lines = [''];
    for (const word of text.split(' ')) {
      const last = lines[lines.length - 1];
      if (last && last.length + word.length >= wrapChars) lines.push(word);
      else lines[lines.length - 1] = last ? `${last} ${word}` : word;
    }
    return lines.map(plain).join('<br>');
  }

  function axis(of, more) {
    return {
      title: { text: plain(of.title), standoff: 10, font: { size: 13 } }, type: of.log ? 'log' : undefined, automargin: true,
      gridcolor: css('line'), linecolor: css('soft'), zerolinecolor: css('line'), tickcolor: css('soft'), ticks: 'outside',
      exponentformat: 'none', ...more,
    };
  }

  function layout(more) {
    return {
      paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)',
      font: { family: 'system-ui, sans-serif', size: isNarrow() ? 11 : 13, color: css('text') },
      margin: { l: 50, r: 12, t: 12, b: 40 }, hoverlabel: { bgcolor: css('panel'), bordercolor: css('line'), font: { color: css('text') } },
      legend: { orientation: 'h', x: 0, y: 1.02, xanchor: 'left', yanchor: 'bottom', font: { size: isNarrow() ? 11 : 12 } },
      modebar: { bgcolor: 'rgba(0,0,0,0)', color: css('soft'), activecolor: css('text') }, ...more,
    };
  }

  const config = more => ({ responsive: true, displaylogo: false, displayModeBar: false, ...more });

  // On a logarithmic axis Plotly labels 2 and 5 of each decade by their digit alone.
  function logTicks(values) {
    const known = values.filter(v => v > 0), low = Math.min(...known), high = Math.max(...known), ticks = [];
    const steps = high / low > (isNarrow() ? 30 : 200) ? [1] : [1, 2, 5];
    for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)); power++) {
      for (const step of steps) ticks.push(step * 10 ** power);
    }
    return { tickvals: ticks, ticktext: ticks.map(tick => `${Number(tick.toPrecision(2))}`) };
  }

  function points(chart) {
    const all = key => chart.traces.flatMap(trace => trace[key]);
    const traces = chart.traces.map((trace, i) => ({
      ...trace, name: plain(trace.name), text: trace.text?.map(plain),
      line: { color: colour(i), width: 2, dash: dashes[Math.floor(i / colours) % dashes.length] },
      marker: { color: colour(i), size: 7, symbol: symbols[i % symbols.length] },
      error_y: trace.error_y && { ...trace.error_y, color: colour(i) },
    }));
    if (chart.diagonal) {
      traces.push({
        type: 'scatter', mode: 'lines', x: chart.diagonal, y: chart.diagonal, name: 'equal', hoverinfo: 'skip',
        line: { color: css('soft'), dash: 'dot', width: 1 },
      });
    }
    const ticks = (of, key) => of.log ? logTicks(all(key)) : {};
    const legendLines = Math.ceil(traces.length / (isNarrow() ? 1.5 : 4));
    return {
      traces,
      layout: layout({
        height: 380 + legendLines * 20, hovermode: 'closest',
        xaxis: axis(chart.x, ticks(chart.x, 'x')),
        yaxis: axis(chart.y, { rangemode: chart.y.log ? undefined : 'tozero', ...ticks(chart.y, 'y') }),
      }),
    };
  }

  function heatMap(chart) {
    const [trace] = chart.traces, known = trace.z.flat().filter(z => z !== null);
    const low = Math.min(...known), high = Math.max(...known), columns = trace.x.length;
    const fits = columns * 34 < Math.min(window.innerWidth, 1100) - 150;
    return {
      traces: [{
        ...trace, x: trace.x.map(wrapped), y: trace.y.map(wrapped), text: trace.text,
        texttemplate: fits ? '%{text}' : undefined, textfont: { size: isNarrow() ? 10 : 12, color: css('text') },
        colorscale: [[0, css('low')], [1, css('high')]], zmin: low, zmax: low === high ? low + 1 : high, xgap: 2, ygap: 2,
        hovertemplate: '%{y}<br>%{x}<br>%{text}<extra></extra>', showscale: !isNarrow(),
        colorbar: { title: { text: plain(trace.name), side: 'right' }, thickness: 12, outlinewidth: 0 },
      }],
      layout: layout({
        height: 130 + Math.max(2, chart.rows) * 44,
        xaxis: axis(chart.x, { type: 'category', showgrid: false, ticks: '' }),
        yaxis: axis(chart.y, {
          type: 'category', autorange: 'reversed', showgrid: false, ticks: '', ...(isNarrow() ? { title: undefined } : {}),
        }),
      }),
    };
  }

  // Bars lie, so that their names can be read.
  function bars(chart) {
    const isStack = chart.kind === 'stack', series = isStack ? 1 : chart.traces.length;
    const traces = chart.traces.map((trace, i) => ({
      type: 'bar', orientation: 'h', name: plain(trace.name), y: trace.x.map(wrapped), x: trace.y,
      marker: { color: isStack && trace.name === 'visible wait' ? css('wait') : colour(i) },
      hovertemplate: `%{y}<br>${plain(trace.name)}: %{x:.4g}<extra></extra>`,
    }));
    return {
      traces,
      layout: layout({
        height: 130 + Math.ceil(traces.length / 4) * 20 + chart.rows * Math.max(40, series * 16),
        barmode: isStack ? 'stack' : 'group', bargap: 0.25,
        showlegend: chart.traces.length > 1,
        legend: { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom', traceorder: 'normal', font: { size: isNarrow() ? 11 : 12 } },
        xaxis: axis(chart.y, { rangemode: 'tozero' }),
        yaxis: axis(chart.x, { type: 'category', autorange: 'reversed', showgrid: false, ticks: '', title: undefined }),
      }),
    };
  }

  function timeline(cell) {
    const whats = [...new Set(cell.spans.map(span => span[1]))];
    const traces = whats.map(what => {
      const spans = cell.spans.filter(span => span[1] === what), at = timelineWhats.indexOf(what);
      return {
        type: 'bar', orientation: 'h', name: plain(what), y: spans.map(span => lanes[span[0]]), base: spans.map(span => span[3] / 1000),
        x: spans.map(span => span[4] / 1000), width: 0.7,
        marker: { color: what === 'demand' ? css('wait') : colour(at < 0 ? 6 : at), line: { width: 0 } },
        customdata: spans.map(span => [span[2], span[5] ? `<br>${(span[5] / 1024).toFixed(0)} KiB` : '']),
        hovertemplate: `${plain(what)}, layer %{customdata[0]}<br>from %{base:.3f} ms, %{x:.3f} ms%{customdata[1]}<extra></extra>`,
      };
    });
    return {
      traces,
      layout: layout({
        height: isNarrow() ? 320 : 280, barmode: 'overlay', dragmode: 'zoom', hovermode: 'closest',
        xaxis: axis({ title: 'time (ms)' }, { range: [0, cell.total_micros / 1000], autorange: false }),
        yaxis: { type: 'category', categoryorder: 'array', categoryarray: [...lanes].reverse(), fixedrange: true, automargin: true },
      }),
    };
  }

  function drawChart(div) {
    const chart = data.charts[div.dataset.chart];
    const drawn = chart.kind === 'heatmap' ? heatMap(chart) : chart.kind === 'points' ? points(chart) : bars(chart);
    return Plotly.react(div, drawn.traces, drawn.layout, config({ scrollZoom: false }));
  }

  function drawTimeline(div) {
    const chosen = document.getElementById(`cell-${div.dataset.timeline}`).value;
    const drawn = timeline(data.timelines[div.dataset.timeline][chosen]);
    return Plotly.react(div, drawn.traces, drawn.layout, config({ scrollZoom: true }));
  }

  function zoom(div, by) {
    const chosen = document.getElementById(`cell-${div.dataset.timeline}`).value;
    const total = data.timelines[div.dataset.timeline][chosen].total_micros / 1000;
    const [from, to] = div.layout.xaxis.range, middle = (from + to) / 2, half = (to - from) / 2 * by;
    const range = by === 'all' ? [0, total] : [Math.max(0, middle - half), Math.min(total, middle + half)];
    Plotly.relayout(div, { 'xaxis.range': range });
  }

  const charts = [...document.querySelectorAll('.chart')], timelines = [...document.querySelectorAll('.timeline')];

  // One after the other, so that the page can be read meanwhile.
  async function drawAll() {
    for (const div of charts) {
      await drawChart(div);
      await new Promise(resolve => setTimeout(resolve));
    }
    for (const div of timelines) await drawTimeline(div);
    document.documentElement.dataset.drawn = 'yes';
  }

  for (const div of timelines) {
    document.getElementById(`cell-${div.dataset.timeline}`).addEventListener('change', () => drawTimeline(div));
    for (const button of div.parentElement.querySelectorAll('[data-zoom]')) {
      const by = button.dataset.zoom;
      button.addEventListener('click', () => zoom(div, by === 'all' ? by : Number(by)));
    }
  }
  let wasNarrow = isNarrow();
  window.addEventListener('resize', () => {
    if (isNarrow() !== wasNarrow) drawAll();
    wasNarrow = isNarrow();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  drawAll();
})();
