import { html, nothing } from '../vendor/lit-html/lit-html.js';

/** @param {(adminKey: string) => Promise<void>} enter throws what to tell */
export const signIn = (enter, why) => html`
  <main id="main" class="narrow">
    <h1 tabindex="-1">Sluice</h1>
    ${why ? html`<p role="status" class="news">${why}</p>` : nothing}
    <form method="dialog" @submit=${(event) => submit(event, enter)}>
      <label for="admin-key">Admin key</label>
      <input id="admin-key" type="password" required autocomplete="current-password" spellcheck="false" autofocus aria-describedby="where wrong">
      <p id="wrong" role="alert" class="wrong"></p>
      <button class="main">Sign in</button>
      <p id="where">It stands in <code>admin.key</code> of the data folder, or is what <code>SLUICE_ADMIN_KEY</code> or <code>auth.admin_key</code> of the configuration says. This tab alone keeps it, until it is closed.</p>
    </form>
  </main>`;

async function submit(event, enter) {
  event.preventDefault();
  const form = event.target;
  const wrong = form.querySelector('#wrong');
  const input = form.querySelector('#admin-key');
  const typed = input.value.trim();
  wrong.textContent = '';
  // Anything else cannot stand in a header, and no admin key has it.
  if (!/^[\x21-\x7e]+$/.test(typed)) {
    wrong.textContent = 'An admin key has no spaces and no letters beyond ASCII. Was something else pasted?';
    return;
  }
  try {
    await enter(typed);
  } catch (error) {
    wrong.textContent = error.status === 401 ? 'This is not the admin key. A client key (sk-sluice-…) does not open the console.' : error.message;
    input.select();
  }
}
