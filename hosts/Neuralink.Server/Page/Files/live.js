// Reads /live while the page is seen, and connects again when the connection breaks.

import { ApiError, eventsOf, request } from './api.js';

const RETRY_SECONDS = 2;

/**
 * Follows the engine.
 * @param onEvent Called with each event.
 * @param onState Called with a text that says how the connection is; empty when it is good.
 */
export async function follow(onEvent, onState) {
  for (;;) {
    await untilSeen();
    const hidden = new AbortController();
    const watch = () => document.hidden && hidden.abort();
    document.addEventListener('visibilitychange', watch);
    let seconds = RETRY_SECONDS;
    try {
      const response = await request('live', { signal: hidden.signal });
      onState('');
      for await (const data of eventsOf(response))
        onEvent(JSON.parse(data));
      onState('The connection ended. Connecting again');
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        onState('The engine is shown when this page has an API key. Reload to give one.');
        return;
      }
      seconds = error.retrySeconds ?? RETRY_SECONDS;
      onState(error instanceof ApiError ? error.message : 'The server cannot be reached. Trying again');
    } finally {
      document.removeEventListener('visibilitychange', watch);
    }
    await new Promise(resolve => setTimeout(resolve, seconds * 1000));
  }
}

function untilSeen() {
  return new Promise(resolve => {
    const check = () => {
      if (document.hidden)
        return;
      document.removeEventListener('visibilitychange', check);
      resolve();
    };
    document.addEventListener('visibilitychange', check);
    check();
  });
}
