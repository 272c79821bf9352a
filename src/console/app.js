// The frame around the pages: sign-in, navigation, loading, errors. A page says what it asks for and how that looks.
import { html, nothing, render } from './vendor/lit-html/lit-html.js';
import { get } from './lib/api.js';
import * as session from './lib/session.js';
import { signIn } from './pages/sign-in.js';
import checks from './pages/checks.js';
import keys from './pages/keys.js';
import limits from './pages/limits.js';
import models from './pages/models.js';
import providers from './pages/providers.js';
import rankings from './pages/rankings.js';
import request from './pages/request.js';
import requests from './pages/requests.js';
import usage from './pages/usage.js';

/**
 * @typedef {object} Page
 * @property {string} title
 * @property {number} [every] milliseconds after which it asks again by itself
 * @property {(query: Record<string, string>, id?: string) => Promise<any>} load
 * @property {(data: any, frame: Frame) => unknown} view
 *
 * @typedef {object} Frame what a page may do
 * @property {Record<string, string>} query
 * @property {Record<string, any>} local what is typed in and not part of the address
 * @property {(change: Record<string, string>) => void} go changes parameters of the address
 * @property {() => void} draw shows the page again without asking
 * @property {(work: () => Promise<string | void>) => Promise<void>} act changes something, tells it in a sentence, asks again
 */

const navigation = { usage, models, keys, requests, rankings, providers, limits, checks };
const root = document.body;

let place = { name: '', page: usage, query: {}, id: undefined };
let shown = { data: undefined, error: undefined, busy: false, news: '' };
let local = {};
let asked = 0;
let timer = 0;

function whereAmI() {
  const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
  const [name, id] = path.split('/');
  const page = name === 'requests' && id ? request : Object.hasOwn(navigation, name) ? navigation[name] : undefined;
  return { name: page ? name : 'usage', page: page ?? usage, id: id && decodeURIComponent(id), query: Object.fromEntries(new URLSearchParams(query)) };
}

async function arrive() {
  const last = place;
  place = whereAmI();
  if (place.page !== last.page || place.id !== last.id) {
    shown = { data: undefined, error: undefined, busy: false, news: '' };
    local = {};
  }
  await load();
  if (place.page !== last.page || place.id !== last.id) {
    document.querySelector('h1')?.focus();
  }
}

async function load() {
  clearTimeout(timer);
  if (!session.key()) {
    draw();
    return;
  }
  const mine = ++asked;
  shown = { ...shown, busy: true };
  draw();
  let next;
  try {
    next = { data: await place.page.load(place.query, place.id), error: undefined };
  } catch (error) {
    next = { data: shown.data, error };
  }
  if (mine !== asked) {
    return;
  }
  if (isRefused(next.error)) {
    return;
  }
  shown = { ...shown, ...next, busy: false };
  draw();
  if (place.page.every) {
    timer = setTimeout(() => (document.hidden ? undefined : load()), place.page.every);
  }
}

// The key was changed since the sign-in.
function isRefused(error) {
  if (error?.status !== 401) {
    return false;
  }
  leave('The admin key is not taken any more. Sign in with the present one.');
  return true;
}

function leave(why = '') {
  session.close();
  asked++;
  clearTimeout(timer);
  shown = { data: undefined, error: undefined, busy: false, news: why };
  local = {};
  draw();
}

async function enter(adminKey) {
  session.open(adminKey);
  try {
    await get('/status');
  } catch (error) {
    session.close();
    throw error;
  }
  shown = { ...shown, news: '' };
  await arrive();
  document.querySelector('h1')?.focus();
}

const frame = () => ({
  query: place.query,
  local,
  draw,
  go(change) {
    const query = new URLSearchParams({ ...place.query, ...change });
    location.hash = `#/${place.name}?${query}`;
  },
  async act(work) {
    try {
      shown = { ...shown, news: (await work()) ?? '', error: undefined };
    } catch (error) {
      if (!isRefused(error)) {
        shown = { ...shown, error, news: '' };
        draw();
      }
      return;
    }
    await load();
  },
});

function draw() {
  document.title = session.key() ? `${place.page.title} · Sluice` : 'Sign in · Sluice';
  render(session.key() ? whole() : signIn(enter, shown.news), root);
}

const whole = () => html`
  <a class="skip" href="#main" @click=${skip}>To the content</a>
  <header>
    <strong>Sluice</strong>
    <nav aria-label="Pages"><ul>${Object.entries(navigation).map(([name, page]) => html`
      <li><a href="#/${name}" aria-current=${name === place.name ? 'page' : nothing}>${page.title}</a></li>`)}</ul></nav>
    <button type="button" @click=${() => leave()}>Sign out</button>
  </header>
  <main id="main" tabindex="-1" aria-busy=${shown.busy}>
    <h1 tabindex="-1">${place.page.title}</h1>
    <p role="status" class="news">${shown.news || (shown.busy && !shown.data ? 'Asking…' : '')}</p>
    ${shown.error ? html`<div role="alert" class="error"><p>${shown.error.message}</p><button type="button" @click=${load}>Try again</button></div>` : nothing}
    ${shown.data === undefined ? nothing : place.page.view(shown.data, frame())}
  </main>`;

// The address names the page, so it cannot also name a place in it.
function skip(event) {
  event.preventDefault();
  document.getElementById('main').focus();
}

addEventListener('hashchange', arrive);
document.addEventListener('visibilitychange', () => (!document.hidden && place.page.every && session.key() ? load() : undefined));
arrive();
