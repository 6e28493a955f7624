// One answer of the model, streamed.

import { ApiError, eventsOf, request } from './api.js';

/**
 * Asks for the answer to a conversation.
 * @param messages The conversation's messages.
 * @param settings What the user has set.
 * @param signal Stops it.
 * @param onText Called with each part of the text.
 * @returns Why it ended, how many tokens it has, and what it took.
 */
export async function answer(messages, settings, signal, onText) {
  const { system, ...sampling } = settings;
  const response = await request('v1/chat/completions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      messages: [...(system ? [{ role: 'system', content: system }] : []), ...turnsOf(messages)],
      stream: true,
      ...sampling,
    }),
    signal,
  });
  const result = { reason: null, timings: null, io: null };
  for await (const data of eventsOf(response)) {
    if (data === '[DONE]')
      return result;
    const chunk = JSON.parse(data);
    if (chunk.error)
      throw new ApiError(chunk.error.message, response.status);
    const choice = chunk.choices[0];
    if (choice?.delta.content)
      onText(choice.delta.content);
    if (choice?.finish_reason)
      Object.assign(result, { reason: choice.finish_reason, timings: chunk.timings ?? null, io: chunk.io ?? null });
  }
  throw new ApiError('The connection ended before the answer did.', response.status);
}

// Answers that failed before their first word are left out. Templates want turns to alternate, so what then follows each other is joined.
function turnsOf(messages) {
  const turns = [];
  for (const { role, content } of messages.filter(message => message.content !== '')) {
    if (turns.at(-1)?.role === role)
      turns.at(-1).content += `\n\n${content}`;
    else
      turns.push({ role, content });
  }
  return turns;
}
