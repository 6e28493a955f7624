// Requests to this server, with the API key where it wants one, and streams of events as they come.

import { ask } from './dialogs.js';

const KEY = 'neuralink.key';

let asking = null;

/** What the server answered instead of what was asked for. */
export class ApiError extends Error {
  constructor(message, status, retrySeconds = null) {
    super(message);
    this.status = status;
    this.retrySeconds = retrySeconds;
  }
}

/** Fetches; asks for a key and tries again where one is wanted. Throws an ApiError for any answer that is an error. */
export async function request(path, options = {}) {
  for (;;) {
    const key = sessionStorage.getItem(KEY);
    const headers = new Headers(options.headers);
    if (key)
      headers.set('Authorization', `Bearer ${key}`);
    const response = await fetch(path, { ...options, headers, cache: 'no-store' });
    if (response.ok)
      return response;
    const error = await errorOf(response);
    // Another request may have asked for the key meanwhile.
    if (response.status !== 401 || (sessionStorage.getItem(KEY) === key && !await askForKey()))
      throw error;
  }
}

/** The data of each server-sent event of a response, as text. */
export async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let data = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done)
        return;
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      for (const line of lines.map(text => text.replace(/\r$/, ''))) {
        if (line.startsWith('data:'))
          data.push(line.slice(5).replace(/^ /, ''));
        else if (line === '' && data.length > 0) {
          yield data.join('\n');
          data = [];
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

// All requests share one dialog.
function askForKey() {
  asking ??= readKey().finally(() => asking = null);
  return asking;
}

async function readKey() {
  const dialog = document.getElementById('key');
  const field = document.getElementById('key-text');
  field.value = '';
  if (!await ask(dialog))
    return false;
  sessionStorage.setItem(KEY, field.value.trim());
  field.value = '';
  return true;
}

async function errorOf(response) {
  let message = '';
  try {
    message = (await response.json()).error.message;
  } catch {
    // A proxy answers in other shapes.
  }
  const seconds = Number.parseFloat(response.headers.get('Retry-After'));
  return new ApiError(
    message || `The server answered ${response.status} ${response.statusText}`, response.status, Number.isFinite(seconds) ? seconds : null);
}
