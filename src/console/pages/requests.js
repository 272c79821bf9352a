import { html } from '../vendor/lit-html/lit-html.js';
import { get } from '../lib/api.js';
import { count, duration, time, usd } from '../lib/format.js';
import { choice, state, table } from '../lib/parts.js';

export default {
  title: 'Requests',
  load: ({ failed, before }) => get('/requests', { failed, before }),
  view({ requests, next }, frame) {
    const { failed = '', before = '' } = frame.query;
    return html`
      <form class="filters" method="dialog" @submit=${find}>
        ${choice('Show', 'failed', failed, [['', 'all requests'], ['1', 'those whose client heard an error']], { go: (change) => frame.go({ ...change, before: '' }) })}
        <label>Find <input name="id" placeholder="gen-…" autocomplete="off" spellcheck="false"></label>
        <button>Explain</button>
      </form>
      ${table({
        caption: 'Requests, the newest first',
        rows: requests,
        empty: next ? 'None among the ones looked through; older ones may have some.' : 'There are none.',
        columns: [
          { head: 'Request', cell: (row) => html`<a href="#/requests/${row.id}">${row.id}</a>` },
          { head: 'Begun (UTC)', cell: (row) => time(row.started_at) },
          { head: 'Outcome', cell: (row) => html`${state(row.error ?? 'answered')} ${row.status}` },
          { head: 'Whose fault', cell: (row) => row.error_source ?? '–' },
          { head: 'User', cell: (row) => row.user },
          { head: 'Project', cell: (row) => row.project ?? '–' },
          { head: 'Client', cell: (row) => row.client ?? '–' },
          { head: 'Model', cell: (row) => row.model ?? row.requested_model },
          { head: 'Provider', cell: (row) => row.provider ?? '–' },
          { head: 'Attempts', number: true, cell: (row) => count(row.attempts) },
          { head: 'Took', number: true, cell: (row) => duration(row.milliseconds) },
          { head: 'USD', number: true, cell: (row) => html`${usd(row.cost_usd)}${row.unpriced ? html` <span class="state fair">unpriced</span>` : ''}` },
        ],
      })}
      <p class="actions">
        ${before ? html`<button type="button" @click=${() => frame.go({ before: '' })}>Newest</button>` : ''}
        ${next ? html`<button type="button" @click=${() => frame.go({ before: String(next) })}>Older</button>` : ''}
      </p>`;
  },
};

function find(event) {
  event.preventDefault();
  const id = event.target.elements.id.value.trim();
  if (id) {
    location.hash = `#/requests/${encodeURIComponent(id)}`;
  }
}
