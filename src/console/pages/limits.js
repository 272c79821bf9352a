import { html } from '../vendor/lit-html/lit-html.js';
import { get, put, remove } from '../lib/api.js';
import { confirm } from '../lib/dialogs.js';
import { count, time } from '../lib/format.js';
import { table } from '../lib/parts.js';

const limits = [
  ['rpm', 'Requests a minute'], ['input_tpm', 'Input tokens a minute'], ['output_tpm', 'Output tokens a minute'], ['rpd', 'Requests a day'],
  ['burst', 'May start at once'], ['concurrency', 'At once'],
];

export default {
  title: 'Limits',
  load: () => get('/limits'),
  view: (found, frame) => html`
    <form class="grid" method="dialog" @submit=${(event) => submit(event, frame)} aria-labelledby="set-title">
      <h2 id="set-title">Set the limits of</h2>
      <label>Scope <input name="scope" required autocomplete="off" placeholder="user:ada" aria-describedby="scope-help"></label>
      ${limits.map(([name, text]) => html`<label>${text} <input name=${name} inputmode="numeric" pattern="[0-9]*" autocomplete="off" placeholder="no limit"></label>`)}
      <p><small id="scope-help"><code>key:ID</code>, <code>user:NAME</code>, <code>team:NAME</code>, <code>project:NAME</code>, <code>model:ID</code> or <code>organization</code>. All limits of the scope are replaced, at once.</small></p>
      <p><button class="main">Set limits</button></p>
    </form>
    ${table({
      caption: 'Limits set here; those of the configuration file stand in the file',
      rows: found.limits,
      empty: 'None are set. Everybody may do what the configuration file allows.',
      columns: [
        { head: 'Scope', cell: (row) => html`<code>${row.scope}</code>` },
        ...limits.map(([name, text]) => ({ head: text, number: true, cell: (row) => (row[name] ? count(row[name]) : 'no limit') })),
        { head: 'Changed (UTC)', cell: (row) => time(row.changed_at) },
        { head: 'Change', cell: (row) => html`<button type="button" class="danger" aria-label="Remove the limits of ${row.scope}" @click=${() => frame.act(() => take(row.scope))}>Remove</button>` },
      ],
    })}`,
};

function submit(event, frame) {
  event.preventDefault();
  const form = event.target;
  return frame.act(async () => {
    const { scope, ...typed } = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
    const body = Object.fromEntries(Object.entries(typed).filter(([, value]) => value).map(([name, value]) => [name, Number(value)]));
    const set = await put(`/limits/${encodeURIComponent(scope)}`, body);
    form.reset();
    return `The limits of ${set.scope} count from now on.`;
  });
}

async function take(scope) {
  const sure = await confirm({ title: 'Remove these limits?', text: `${scope} is then bounded by the configuration file alone.`, action: 'Remove' });
  if (sure) {
    await remove(`/limits/${encodeURIComponent(scope)}`);
    return `${scope} has no limits of its own any more.`;
  }
}
