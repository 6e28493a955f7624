// Two drawings of the last passes: each pass over time, layer after layer, and the means of each layer.

import { bytes, counted, millis, percent } from './units.js';

const PASSES = 12;
const CUT_SHARE = 0.8;                            // of the passes fit the width; those that took much longer than others are cut
const ROW = 16, TIME_BAR = 9, BYTES_BAR = 3;      // pixels
const LAYERS_HEIGHT = 96, BYTES_SHARE = 0.35;

export class Timeline {
  #passes = [];      // oldest first
  #pointed = null;   // the pass under the pointer
  #frame = 0;
  #canvas = document.getElementById('passes');
  #layersCanvas = document.getElementById('layers');
  #text = document.getElementById('pass-text');

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#schedule());
    new ResizeObserver(() => this.#schedule()).observe(this.#canvas.parentElement);
    this.#canvas.addEventListener('pointermove', event => this.#point(Math.floor(event.offsetY / ROW)));
    this.#canvas.addEventListener('pointerleave', () => this.#point(null));
  }

  clear() {
    this.#passes = [];
    this.#schedule();
  }

  add(passes) {
    if (passes.length === 0)
      return;
    this.#passes = [...this.#passes, ...passes].slice(-PASSES);
    this.#schedule();
  }

  // The newest pass is on top.
  #point(row) {
    this.#pointed = row === null ? null : this.#passes.at(-1 - row) ?? null;
    this.#schedule();
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw() {
    const colors = colorsOf(this.#canvas);
    this.#drawPasses(colors);
    this.#drawLayers(colors);
    const pass = this.#pointed ?? this.#passes.at(-1);
    if (!pass)
      return;
    this.#text.textContent = describe(pass);
    this.#canvas.setAttribute('aria-label', `The last ${counted(this.#passes.length, 'pass', 'passes')}. ${describe(pass)}`);
    this.#layersCanvas.setAttribute('aria-label', describeLayers(this.#passes));
  }

  #drawPasses(colors) {
    const { context, width } = prepare(this.#canvas, PASSES * ROW);
    const shown = widthOf(this.#passes);
    document.getElementById('pass-width').textContent = this.#passes.length > 0 ? `0 to ${millis(shown)}` : '';
    const mostBytes = Math.max(1, ...this.#passes.flatMap(pass => pass.layers.map(layer => layer.bytes_read)));
    this.#passes.toReversed().forEach((pass, row) => {
      const y = row * ROW + 1;
      if (pass === this.#pointed) {
        context.fillStyle = colors.line;
        context.fillRect(0, y - 1, width, ROW);
      }
      let x = 0;
      for (const layer of pass.layers) {
        const begin = x;
        x = bar(context, colors.computing, x, y, layer.compute_ms / shown * width);
        x = bar(context, colors.waiting, x, y, layer.wait_ms / shown * width);
        context.fillStyle = colors.reading;
        context.globalAlpha = layer.bytes_read / mostBytes;
        context.fillRect(begin, y + TIME_BAR + 1, x - begin, BYTES_BAR);
        context.globalAlpha = 1;
        // A gap between layers, where there is room for one.
        if (x - begin > 4)
          context.clearRect(x - 1, y, 1, TIME_BAR + BYTES_BAR + 1);
      }
      if (x > width + 1)
        bar(context, colors.text, width - 3, y, 3);
    });
  }

  #drawLayers(colors) {
    const { context, width } = prepare(this.#layersCanvas, LAYERS_HEIGHT);
    const layers = meansOf(this.#passes);
    const longest = Math.max(0.001, ...layers.map(layer => layer.compute_ms + layer.wait_ms));
    const mostBytes = Math.max(1, ...layers.map(layer => layer.bytes_read));
    const base = LAYERS_HEIGHT * (1 - BYTES_SHARE), step = width / Math.max(1, layers.length), gap = step > 4 ? 1 : 0;
    context.fillStyle = colors.line;
    context.fillRect(0, base, width, 1);
    layers.forEach((layer, i) => {
      const unit = (base - 2) / longest;
      const column = (color, y, height) => {
        context.fillStyle = color;
        context.fillRect(i * step, y, step - gap, height);
      };
      column(colors.computing, base - layer.compute_ms * unit, layer.compute_ms * unit);
      column(colors.waiting, base - (layer.compute_ms + layer.wait_ms) * unit, layer.wait_ms * unit);
      column(colors.reading, base + 2, layer.bytes_read / mostBytes * (LAYERS_HEIGHT * BYTES_SHARE - 2));
    });
  }
}

// Sets a canvas to its size on the screen, in the screen's own pixels.
function prepare(canvas, height) {
  const scale = devicePixelRatio;
  const width = canvas.parentElement.clientWidth;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  return { context, width };
}

function bar(context, color, x, y, width) {
  context.fillStyle = color;
  context.fillRect(x, y, width, TIME_BAR);
  return x + width;
}

function colorsOf(element) {
  const style = getComputedStyle(element);
  return Object.fromEntries(['computing', 'waiting', 'reading', 'line', 'text'].map(name => [name, style.getPropertyValue(`--${name}`)]));
}

// The time that the whole width stands for, in milliseconds.
function widthOf(passes) {
  const times = passes.map(timeOf).sort((a, b) => a - b);
  return Math.max(0.001, times[Math.ceil(times.length * CUT_SHARE) - 1] ?? 0);
}

function timeOf(pass) {
  return total(pass.layers, 'compute_ms') + total(pass.layers, 'wait_ms');
}

function total(layers, name) {
  return layers.reduce((sum, layer) => sum + layer[name], 0);
}

function meansOf(passes) {
  const count = passes.at(-1)?.layers.length ?? 0;
  return Array.from({ length: count }, (_, i) => Object.fromEntries(['compute_ms', 'wait_ms', 'bytes_read', 'hit_rate'].map(name =>
    [name, passes.reduce((sum, pass) => sum + pass.layers[i][name], 0) / passes.length])));
}

function describe(pass) {
  const rows = pass.prompt_rows + pass.decode_rows;
  return `Pass ${pass.number}: ${counted(rows, 'token')} of ${counted(pass.sequences, 'text')}, `
    + `${millis(total(pass.layers, 'compute_ms'))} computing, ${millis(total(pass.layers, 'wait_ms'))} waiting, `
    + `${bytes(total(pass.layers, 'bytes_read'))} in ${counted(total(pass.layers, 'reads'), 'read')}`;
}

function describeLayers(passes) {
  return 'Means by layer. ' + meansOf(passes).map((layer, i) =>
    `Layer ${i}: ${millis(layer.compute_ms)} computing, ${millis(layer.wait_ms)} waiting, `
    + `${bytes(layer.bytes_read)}, hit rate ${percent(layer.hit_rate)}`).join('. ');
}
