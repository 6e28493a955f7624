// Dialogs that ask something. The browser keeps the focus inside and gives it back.

/** Shows a dialog until its form is submitted (true), or it is cancelled or closed by Escape (false). */
export function ask(dialog) {
  const form = dialog.querySelector('form');
  const cancel = dialog.querySelector('[data-cancel]');
  return new Promise(resolve => {
    const ended = new AbortController();
    let isAgreed = false;
    form.addEventListener('submit', event => {
      event.preventDefault();
      isAgreed = true;
      dialog.close();
    }, { signal: ended.signal });
    cancel?.addEventListener('click', () => dialog.close(), { signal: ended.signal });
    dialog.addEventListener('close', () => {
      ended.abort();
      resolve(isAgreed);
    }, { signal: ended.signal });
    dialog.showModal();
  });
}
