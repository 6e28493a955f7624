// Puts the page together: the chat, the list of conversations, the engine beside them, and what keys do everywhere.

import { Chat } from './chat.js';
import { Conversations } from './conversations.js';
import { Engine } from './engine.js';
import { follow } from './live.js';
import { useSettings } from './settings.js';

const panels = ['conversations', 'engine'].map(id => ({
  panel: document.getElementById(id),
  button: document.getElementById(`show-${id}`),
}));

const chat = new Chat(() => conversations.refresh());
const conversations = new Conversations(chat, () => showPanel(null));

conversations.openLast();
useSettings(document.getElementById('show-settings'));
for (const { panel, button } of panels)
  button.addEventListener('click', () => showPanel(panel.classList.contains('shown') ? null : panel));

document.addEventListener('keydown', event => {
  // A dialog closes itself.
  if (event.key !== 'Escape' || event.isComposing || document.querySelector('dialog[open]'))
    return;
  const shown = panels.find(({ panel }) => panel.classList.contains('shown'));
  if (chat.stop() || !shown)
    return;
  showPanel(null);
  shown.button.focus();
});

const engine = new Engine();
follow(event => engine.take(event), state => engine.showState(state));
if (matchMedia('(pointer: fine)').matches)
  chat.focus();

// On a narrow page a panel lies over the chat, one at a time.
function showPanel(shown) {
  for (const { panel, button } of panels) {
    panel.classList.toggle('shown', panel === shown);
    button.setAttribute('aria-expanded', panel === shown);
  }
}
