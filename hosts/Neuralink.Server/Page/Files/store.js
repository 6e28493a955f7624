// Conversations and settings, kept in this browser. A conversation is an item of its own, so that two tabs disturb each other little.

const CONVERSATION = 'neuralink.conversation.';
const SETTINGS = 'neuralink.settings';
const TITLE_LENGTH = 60;

/** A conversation without messages. It is stored with its first message. */
export function newConversation() {
  return { id: randomId(), title: '', updated: Date.now(), messages: [] };
}

/** All conversations, the last one used first. What cannot be read is left alone. */
export function listConversations() {
  const found = [];
  for (let i = 0; i < localStorage.length; i++) {
    const key = localStorage.key(i);
    const conversation = key.startsWith(CONVERSATION) ? readConversation(key.slice(CONVERSATION.length)) : null;
    if (conversation)
      found.push(conversation);
  }
  return found.sort((a, b) => b.updated - a.updated);
}

/** A conversation, or null. */
export function readConversation(id) {
  const value = read(CONVERSATION + id);
  const isOne = value && value.id === id && typeof value.title === 'string' && Number.isFinite(value.updated)
    && Array.isArray(value.messages) && value.messages.every(isMessage);
  return isOne ? value : null;
}

/** Stores a conversation; false where the browser has no room. */
export function saveConversation(conversation) {
  conversation.updated = Date.now();
  return write(CONVERSATION + conversation.id, conversation);
}

export function deleteConversation(id) {
  localStorage.removeItem(CONVERSATION + id);
}

/** Calls back when another tab has changed conversations. */
export function onOtherTab(callback) {
  addEventListener('storage', event => {
    if (event.key === null || event.key.startsWith(CONVERSATION))
      callback();
  });
}

/** What a conversation is called: as the user named it, or as it begins. */
export function titleOf(conversation) {
  const first = conversation.messages.find(message => message.role === 'user')?.content.trim().replace(/\s+/g, ' ') ?? '';
  const begin = first.length > TITLE_LENGTH ? first.slice(0, TITLE_LENGTH).trimEnd() + '…' : first;
  return conversation.title || begin || 'New conversation';
}

/** The settings by name; those that are not set are missing. */
export function readSettings() {
  const value = read(SETTINGS);
  return value && typeof value === 'object' && !Array.isArray(value) ? value : {};
}

export function saveSettings(settings) {
  return write(SETTINGS, settings);
}

function isMessage(message) {
  return message && ['user', 'assistant'].includes(message.role) && typeof message.content === 'string';
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

// crypto.randomUUID is missing on pages that come over plain HTTP from another machine.
function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map(byte => byte.toString(16).padStart(2, '0')).join('');
}
