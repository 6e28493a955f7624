// The engine's numbers: rates, queue, blocks and memory.

import { showParts } from './parts.js';
import { Timeline } from './timeline.js';
import { bytes, counted, digits, percent } from './units.js';

const RATE_MILLIS = 2000;      // time that rates are means of
const STILL_MILLIS = 1000;     // without samples for so long, nothing is generated any more

const MEMORY_PARTS = [
  ['resident_bytes', 'resident weights'],
  ['cache_bytes', 'neuron cache'],
  ['staging_bytes', 'staging frames'],
  ['kv_bytes', 'keys and values'],
  ['predictor_bytes', 'predictor'],
  ['activation_bytes', 'activations'],
];

export class Engine {
  #timeline = new Timeline();
  #spans = [];
  #stillTimer = 0;

  /** Takes an event of /live. */
  take({ engine, sample }) {
    if (engine)
      this.#showEngine(engine);
    if (sample)
      this.#showSample(sample);
  }

  /** Says how the connection is. */
  showState(text) {
    const element = document.getElementById('feed-state');
    element.textContent = text;
    element.hidden = text === '';
  }

  #showEngine(engine) {
    set('model', engine.model);
    document.title = `${engine.model} · Neuralink`;
    const memory = MEMORY_PARTS.map(([name, label]) => ({ label, value: engine.memory[name] }));
    const total = memory.reduce((sum, part) => sum + part.value, 0);
    showParts('memory', memory, bytes, `${bytes(total)} in all`);
    set('engine-facts', [
      `Strategy ${engine.strategy}`, counted(engine.layers, 'layer'), `context of ${counted(engine.context_tokens, 'token')}`,
      `up to ${counted(engine.sequences_max, 'text')} at once`, engine.device,
    ].join(' · '));
    this.#timeline.clear();
  }

  #showSample({ status, texts, since, passes }) {
    set('running', status.running);
    set('waiting', status.waiting);
    set('paused', status.paused);
    document.getElementById('running').title =
      `Since it was opened: ${texts.finished} finished, ${texts.failed} failed, ${texts.cancelled} cancelled`;
    const used = status.kv_blocks - status.kv_blocks_free - status.kv_blocks_kept;
    showParts('blocks', [
      { label: 'in use', value: used },
      { label: 'kept for what begins alike', value: status.kv_blocks_kept },
      { label: 'free', value: status.kv_blocks_free, isRest: true },
    ], count => `${count}`, counted(status.kv_blocks, 'block'));
    this.#showRates(since);
    this.#timeline.add(passes);
  }

  // Hit rate and bytes stay as they were when nothing runs; the speed is then none.
  #showRates(since) {
    this.#spans.push(since);
    while (this.#spans.length > 1 && sum(this.#spans, 'ms') - this.#spans[0].ms >= RATE_MILLIS)
      this.#spans.shift();
    const [tokens, rows] = [sum(this.#spans, 'decode_rows'), sum(this.#spans, 'decode_rows') + sum(this.#spans, 'prompt_rows')];
    set('tokens-rate', digits(tokens / Math.max(1, sum(this.#spans, 'ms')) * 1000));
    if (rows > 0) {
      set('hit-rate', percent(sum(this.#spans, 'cache_hits') / Math.max(1, sum(this.#spans, 'wanted'))));
      set('token-bytes', bytes(sum(this.#spans, 'bytes_read') / rows));
    }
    clearTimeout(this.#stillTimer);
    this.#stillTimer = setTimeout(() => {
      this.#spans = [];
      set('tokens-rate', '0');
    }, STILL_MILLIS);
  }
}

function set(id, text) {
  document.getElementById(id).textContent = text;
}

function sum(spans, name) {
  return spans.reduce((total, span) => total + span[name], 0);
}
