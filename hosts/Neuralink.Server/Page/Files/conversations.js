// The list of conversations.

import { ask } from './dialogs.js';
import {
  deleteConversation, listConversations, newConversation, onOtherTab, readConversation, saveConversation, titleOf,
} from './store.js';

export class Conversations {
  #list = document.getElementById('conversation-list');
  #chat;
  #onOpened;

  /**
   * @param chat Shows one of them.
   * @param onOpened Called when the user has chosen one.
   */
  constructor(chat, onOpened) {
    this.#chat = chat;
    this.#onOpened = onOpened;
    document.getElementById('new-conversation').addEventListener('click', () => this.#open(newConversation()));
    this.#list.addEventListener('keydown', event => this.#moveFocus(event));
    onOtherTab(() => this.refresh());
  }

  /** Opens the last one used. */
  openLast() {
    const [last] = listConversations();
    if (last)
      this.#chat.open(last);
    this.refresh();
  }

  /** Lists them as they are stored. */
  refresh() {
    const conversations = listConversations();
    const focused = document.activeElement?.closest('#conversation-list li')?.dataset.id;
    this.#list.replaceChildren(...conversations.map(conversation => this.#itemOf(conversation)));
    if (focused)
      this.#buttonOf(focused)?.focus();
  }

  #open(conversation) {
    this.#chat.open(conversation);
    this.refresh();
    this.#onOpened();
    this.#chat.focus();
  }

  #itemOf(conversation) {
    const title = titleOf(conversation);
    const item = document.createElement('li');
    item.dataset.id = conversation.id;
    const open = button(title, '', () => this.#open(readConversation(conversation.id) ?? conversation));
    open.className = 'open';
    if (conversation.id === this.#chat.conversation.id)
      open.setAttribute('aria-current', 'true');
    item.append(
      open,
      button('✎', `Rename ${title}`, () => this.#rename(item, conversation.id, title)),
      button('✕', `Delete ${title}`, () => this.#delete(conversation.id, title)));
    return item;
  }

  #rename(item, id, title) {
    const field = document.createElement('input');
    field.value = title;
    field.maxLength = 100;
    field.setAttribute('aria-label', 'Name of the conversation');
    let isOver = false;
    const end = isKept => {
      if (isOver)
        return;
      isOver = true;
      const conversation = this.#chat.find(id) ?? readConversation(id);
      if (isKept && conversation) {
        conversation.title = field.value.trim();
        saveConversation(conversation);
      }
      this.refresh();
      this.#buttonOf(id)?.focus();
    };
    field.addEventListener('keydown', event => {
      if (event.key === 'Enter' && !event.isComposing)
        end(true);
      else if (event.key === 'Escape')
        end(false);
      event.stopPropagation();
    });
    field.addEventListener('blur', () => end(true));
    item.replaceChildren(field);
    field.select();
  }

  async #delete(id, title) {
    document.getElementById('delete-name').textContent = title;
    if (!await ask(document.getElementById('delete')))
      return;
    this.#chat.forget(id);
    deleteConversation(id);
    if (this.#chat.conversation.id === id)
      this.#chat.open(listConversations()[0] ?? newConversation());
    this.refresh();
    (this.#list.querySelector('.open') ?? document.getElementById('new-conversation')).focus();
  }

  #moveFocus(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const items = [...this.#list.querySelectorAll('.open')];
    const at = items.indexOf(document.activeElement);
    if (!step || at < 0)
      return;
    event.preventDefault();
    items[at + step]?.focus();
  }

  #buttonOf(id) {
    return this.#list.querySelector(`li[data-id="${CSS.escape(id)}"] .open`);
  }
}

function button(text, label, onClick) {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  if (label) {
    made.setAttribute('aria-label', label);
    made.title = label;
  }
  made.addEventListener('click', onClick);
  return made;
}
