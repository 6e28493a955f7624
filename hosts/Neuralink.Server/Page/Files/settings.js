// The settings' dialog. What is changed is stored at once and counts from the next message on.

import { ask } from './dialogs.js';
import { readSettings, saveSettings } from './store.js';

const dialog = document.getElementById('settings');
const form = dialog.querySelector('form');

/** Makes a button open it. */
export function useSettings(button) {
  button.addEventListener('click', () => {
    fill(readSettings());
    ask(dialog);
  });
  form.addEventListener('input', store);
  form.addEventListener('reset', event => {
    event.preventDefault();
    fill({});
    store();
  });
}

function fields() {
  return [...form.elements].filter(element => element.name);
}

function fill(settings) {
  for (const field of fields())
    field.value = settings[field.name] ?? '';
}

// A number that is out of its range is marked by the browser, and not stored.
function store() {
  const settings = {};
  for (const field of fields()) {
    if (field.value === '' || !field.validity.valid)
      continue;
    settings[field.name] = field.type === 'number' ? field.valueAsNumber : field.value;
  }
  saveSettings(settings);
}
