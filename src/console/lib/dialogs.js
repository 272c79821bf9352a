// Questions and news that must not be overlooked, in the browser's own dialogs: they hold the focus and close with Escape.
import { html, render } from '../vendor/lit-html/lit-html.js';

/** Asks before something that cannot be taken back. */
export const confirm = ({ title, text, action }) => open((close) => html`
  <h2 id="dialog-title">${title}</h2>
  <p>${text}</p>
  <p class="actions">
    <button type="button" autofocus @click=${() => close(false)}>Cancel</button>
    <button type="button" class="danger" @click=${() => close(true)}>${action}</button>
  </p>`);

/** Shows a secret, this once. */
export const secret = ({ title, text, value }) => open((close) => html`
  <h2 id="dialog-title">${title}</h2>
  <p>${text}</p>
  <p><output class="secret" id="secret">${value}</output></p>
  <p class="actions">
    <button type="button" @click=${(event) => copy(event.target, value)}>Copy</button>
    <button type="button" autofocus @click=${() => close(true)}>I have stored it</button>
  </p>`);

function open(content) {
  return new Promise((resolve) => {
    const dialog = document.createElement('dialog');
    dialog.setAttribute('aria-labelledby', 'dialog-title');
    let answer = false;
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(answer);
    });
    render(content(close), dialog);
    document.body.append(dialog);
    dialog.showModal();
  });
}

async function copy(button, value) {
  try {
    await navigator.clipboard.writeText(value);
    button.textContent = 'Copied';
  } catch {
    // Browsers give the clipboard to pages of https and localhost only.
    getSelection().selectAllChildren(document.getElementById('secret'));
    button.textContent = 'Selected: press Ctrl+C';
  }
}
