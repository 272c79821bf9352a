import { html, nothing } from '../vendor/lit-html/lit-html.js';
import { get, post, remove } from '../lib/api.js';
import { confirm, secret } from '../lib/dialogs.js';
import { day } from '../lib/format.js';
import { choice, state, table } from '../lib/parts.js';

export default {
  title: 'Keys',
  async load() {
    const [{ keys }, users, teams, projects] = await Promise.all([get('/keys'), get('/users'), get('/teams'), get('/projects')]);
    return { keys, names: { user: users.items, team: teams.items, project: projects.items } };
  },
  view({ keys, names }, frame) {
    const show = frame.query.show ?? 'valid';
    return html`
      ${create(names, frame)}
      <p class="filters">${choice('Show', 'show', show, [['valid', 'valid keys'], ['all', 'all keys, revoked and expired ones too']], frame)}</p>
      ${table({
        caption: 'Client keys',
        rows: keys.filter((key) => show === 'all' || key.state === 'valid'),
        empty: keys.length ? 'No key is valid now. Create one above, or show all.' : 'There are no keys yet. Create one above.',
        columns: [
          { head: 'Key', cell: (key) => html`<code>${key.prefix}…</code>` },
          { head: 'Name', cell: (key) => key.name ?? nothing },
          { head: 'User', cell: (key) => key.user },
          { head: 'Team', cell: (key) => key.team ?? nothing },
          { head: 'Project', cell: (key) => key.project ?? nothing },
          { head: 'Models', cell: (key) => (key.models.length ? key.models.join(', ') : 'all') },
          { head: 'State', cell: (key) => state(key.state) },
          { head: 'Created', cell: (key) => day(key.created_at) },
          { head: 'Expires', cell: (key) => (key.expires_at ? day(key.expires_at) : 'never') },
          { head: 'Id', cell: (key) => html`<code>${key.id}</code>` },
          { head: 'Change', cell: (key) => (key.state === 'revoked' ? nothing : changes(key, frame)) },
        ],
      })}`;
  },
};

const changes = (key, frame) => html`
  <button type="button" aria-label="Rotate ${nameOf(key)}" @click=${() => frame.act(() => rotate(key))}>Rotate</button>
  <button type="button" class="danger" aria-label="Revoke ${nameOf(key)}" @click=${() => frame.act(() => revoke(key))}>Revoke</button>`;

const create = (names, frame) => html`
  <form class="grid" method="dialog" @submit=${(event) => submit(event, frame)} aria-labelledby="create-title">
    <h2 id="create-title">Create a key</h2>
    ${suggested('user', 'User', names.user, true)}
    ${suggested('team', 'Team', names.team)}
    ${suggested('project', 'Project', names.project)}
    <label>Name <input name="name" maxlength="128" autocomplete="off"></label>
    <label>Expires <input name="expires" placeholder="never" autocomplete="off" aria-describedby="expires-help"></label>
    <label>Models <input name="models" placeholder="all" autocomplete="off" aria-describedby="models-help"></label>
    <p><small id="expires-help">Expires: <code>30d</code>, <code>12w</code>, or a day such as <code>2027-01-31</code>.</small>
       <small id="models-help">Models: names with commas between them; <code>anthropic/*</code> is all of a vendor's.</small></p>
    <p><button class="main">Create key</button></p>
  </form>`;

const suggested = (name, label, known, required = false) => html`
  <label>${label} <input name=${name} list="known-${name}" maxlength="128" autocomplete="off" ?required=${required}></label>
  <datalist id="known-${name}">${known.map((item) => html`<option value=${item.name}></option>`)}</datalist>`;

function submit(event, frame) {
  event.preventDefault();
  const form = event.target;
  return frame.act(async () => {
    const typed = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value));
    const made = await post('/keys', { ...typed, models: typed.models?.split(',').map((model) => model.trim()).filter(Boolean) });
    form.reset();
    await secret({ title: 'The new key', text: `For ${made.user}. It is shown this once and kept nowhere.`, value: made.key });
    return `The key ${made.id} was created.`;
  });
}

async function rotate(key) {
  const sure = await confirm({ title: 'Rotate this key?', text: `Whoever uses ${nameOf(key)} is refused from now on, until it has the new secret.`, action: 'Rotate' });
  if (sure) {
    const made = await post(`/keys/${encodeURIComponent(key.id)}/rotate`);
    await secret({ title: 'The new secret', text: `Of ${nameOf(key)}. It is shown this once and kept nowhere; the old one is refused from now on.`, value: made.key });
    return `The key ${key.id} has a new secret.`;
  }
}

async function revoke(key) {
  const sure = await confirm({ title: 'Revoke this key?', text: `Whoever uses ${nameOf(key)} is refused from now on. A revoked key stays revoked; what it has spent stays in the reports.`, action: 'Revoke' });
  if (sure) {
    await remove(`/keys/${encodeURIComponent(key.id)}`);
    return `The key ${key.id} is revoked.`;
  }
}

const nameOf = (key) => `${key.prefix}… of ${key.user}${key.name ? ` (${key.name})` : ''}`;
