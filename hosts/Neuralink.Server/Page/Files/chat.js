// The conversation that is shown: its messages, what is being answered, and the field below.

import { answer } from './answers.js';
import { show } from './markup.js';
import { newConversation, readSettings, saveConversation } from './store.js';
import { bytes, counted, digits } from './units.js';

const NEAR_END = 40;      // pixels from the end at which a reader follows what is written

export class Chat {
  #messages = document.getElementById('messages');
  #prompt = document.getElementById('prompt');
  #send = document.getElementById('send');
  #stop = document.getElementById('stop');
  #announcer = document.getElementById('announcer');
  #answering = new Map();      // conversations by id, with what stops them
  #onSaved;

  /** @param onSaved Called when a conversation has been stored. */
  constructor(onSaved) {
    this.#onSaved = onSaved;
    this.conversation = newConversation();
    document.getElementById('composer').addEventListener('submit', event => {
      event.preventDefault();
      this.#sendPrompt();
    });
    this.#prompt.addEventListener('keydown', event => {
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#sendPrompt();
      }
    });
    this.#prompt.addEventListener('input', () => this.#fitPrompt());
    this.#stop.addEventListener('click', () => this.stop());
    addEventListener('pagehide', () => this.#saveAll());
    this.open(this.conversation);
  }

  /** Shows a conversation. What is being answered in another one goes on. */
  open(conversation) {
    this.conversation = this.find(conversation.id) ?? conversation;
    this.#messages.replaceChildren(...this.conversation.messages.map(message => this.#elementOf(message)));
    if (this.conversation.messages.length === 0)
      this.#messages.append(emptyNote());
    this.#messages.scrollTop = this.#messages.scrollHeight;
    this.#update();
  }

  focus() {
    this.#prompt.focus();
  }

  /** Whether a conversation is being answered. */
  isAnswering(id) {
    return this.#answering.has(id);
  }

  /** A conversation that is shown or being answered, which is newer here than what is stored; or null. */
  find(id) {
    return this.conversation.id === id ? this.conversation : this.#answering.get(id)?.conversation ?? null;
  }

  /** Stops what is being answered; false where nothing is. */
  stop() {
    const run = this.#answering.get(this.conversation.id);
    run?.controller.abort();
    return run !== undefined;
  }

  /** Stops what is being answered in a conversation, and never stores it again. */
  forget(id) {
    const run = this.#answering.get(id);
    if (!run)
      return;
    this.#answering.delete(id);
    run.isForgotten = true;
    run.controller.abort();
  }

  #sendPrompt() {
    const content = this.#prompt.value;
    if (content.trim() === '' || this.isAnswering(this.conversation.id))
      return;
    this.#prompt.value = '';
    this.#fitPrompt();
    this.#add({ role: 'user', content });
    this.#answer();
  }

  #add(message) {
    if (this.conversation.messages.length === 0)
      this.#messages.replaceChildren();
    this.conversation.messages.push(message);
    this.#messages.append(this.#elementOf(message));
    this.#messages.scrollTop = this.#messages.scrollHeight;
  }

  async #answer() {
    const conversation = this.conversation;
    const asked = [...conversation.messages];
    const message = { role: 'assistant', content: '' };
    const controller = new AbortController();
    this.#add(message);
    const run = { conversation, controller, isForgotten: false };
    this.#answering.set(conversation.id, run);
    this.#save(conversation);
    this.#update();
    this.#announce('Answering');
    let frame = 0;
    const draw = () => {
      frame = 0;
      this.#redraw(conversation, message);
    };
    try {
      const result = await answer(asked, readSettings(), controller.signal, text => {
        message.content += text;
        frame ||= requestAnimationFrame(draw);
      });
      message.note = noteOf(result);
    } catch (error) {
      message.note = controller.signal.aborted ? 'Stopped' : error.message;
      message.error = !controller.signal.aborted;
    }
    cancelAnimationFrame(frame);
    if (run.isForgotten)
      return;
    this.#answering.delete(conversation.id);
    this.#redraw(conversation, message);
    this.#save(conversation);
    this.#update();
    this.#announce(message.error || controller.signal.aborted ? `${message.content} ${message.note}` : message.content);
  }

  #again() {
    if (this.isAnswering(this.conversation.id))
      return;
    this.conversation.messages.pop();
    this.#messages.lastElementChild.remove();
    this.#answer();
    this.focus();
  }

  #redraw(conversation, message) {
    if (conversation !== this.conversation)
      return;
    const isFollowed = this.#messages.scrollHeight - this.#messages.scrollTop - this.#messages.clientHeight < NEAR_END;
    this.#messages.lastElementChild.replaceWith(this.#elementOf(message, this.#messages.lastElementChild));
    if (isFollowed)
      this.#messages.scrollTop = this.#messages.scrollHeight;
  }

  // Reuses an element of the same message, so that what is selected in it stays so.
  #elementOf(message, element = document.createElement('article')) {
    element.className = message.role;
    if (element.children.length === 0) {
      const heading = document.createElement('h2');
      heading.textContent = message.role === 'user' ? 'You' : 'Model';
      element.append(heading, document.createElement('div'), document.createElement('footer'));
    }
    const [, body, footer] = element.children;
    show(body, message.content.trimStart());
    footer.textContent = message.note ?? '';
    footer.classList.toggle('failed', message.error === true);
    if (message.note)
      footer.append(' ', this.#againButton());
    return element;
  }

  #againButton() {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'again';
    button.textContent = 'Again';
    button.addEventListener('click', () => this.#again());
    return button;
  }

  #update() {
    const isAnswering = this.isAnswering(this.conversation.id);
    this.#messages.setAttribute('aria-busy', isAnswering);
    // A button that vanishes takes the focus with it.
    const hadFocus = [this.#send, this.#stop].includes(document.activeElement);
    this.#send.hidden = isAnswering;
    this.#stop.hidden = !isAnswering;
    if (hadFocus)
      this.focus();
  }

  #save(conversation) {
    if (!saveConversation(conversation))
      this.#announce('The browser has no room to keep this conversation: delete others.', true);
    this.#onSaved();
  }

  #saveAll() {
    for (const { conversation } of this.#answering.values())
      saveConversation(conversation);
  }

  #announce(text, isShown = false) {
    this.#announcer.textContent = text;
    this.#announcer.classList.toggle('unseen', !isShown);
  }

  #fitPrompt() {
    this.#prompt.style.height = 'auto';
    this.#prompt.style.height = `${this.#prompt.scrollHeight + 2}px`;
  }
}

function emptyNote() {
  const note = document.createElement('p');
  note.className = 'empty quiet';
  note.textContent = 'Write a message to begin. Conversations stay in this browser.';
  return note;
}

function noteOf({ reason, timings, io }) {
  return [
    reason === 'length' ? 'Ended at the most tokens' : '',
    timings ? `${counted(timings.predicted_n, 'token')}, ${digits(timings.predicted_per_second)} tokens/s` : '',
    io ? `${bytes(io.bytes_read)} read` : '',
  ].filter(part => part).join(' · ');
}
