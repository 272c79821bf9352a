import { html } from '../vendor/lit-html/lit-html.js';
import { get } from '../lib/api.js';
import { count, duration, percent, time } from '../lib/format.js';
import { pairs, state, table } from '../lib/parts.js';

const windows = ['5m', '30m', '1d'];

export default {
  title: 'Providers',
  every: 10_000,
  load: () => get('/status'),
  view: (status) => html`
    <p>Sluice ${status.version}, running since ${time(status.started_at)} UTC.</p>
    ${status.warnings.length ? html`<section aria-labelledby="warnings" class="error"><h2 id="warnings">Warnings</h2><ul>${status.warnings.map((text) => html`<li>${text}</li>`)}</ul></section>` : ''}
    ${status.waiting_count === 0 ? '' : table({
      caption: `Requests that wait for a limit: ${count(status.waiting_count)}, the longest first`,
      rows: status.waiting,
      empty: '',
      columns: [
        { head: 'Owner', cell: (row) => row.owner },
        { head: 'Session', cell: (row) => row.session ?? '–' },
        { head: 'Priority', cell: (row) => row.priority },
        { head: 'Limit', cell: (row) => row.limit },
        { head: 'Waited', number: true, cell: (row) => `${row.waited_seconds.toFixed(1)} s` },
      ],
    })}
    ${status.nodes.length === 0 ? '' : table({
      caption: `Nodes on this database: ${count(status.nodes.length)}`,
      rows: status.nodes,
      empty: '',
      columns: [
        { head: 'Host', cell: (row) => `${row.host}${row.is_this ? ' (this one)' : ''}` },
        { head: 'Node', cell: (row) => html`<code>${row.id.slice(0, 8)}</code>` },
        { head: 'Version', cell: (row) => row.version },
        { head: 'Running since (UTC)', cell: (row) => time(row.started_at) },
        { head: 'Seen (UTC)', cell: (row) => time(row.seen_at) },
      ],
    })}
    ${status.providers.length === 0 ? html`<p class="empty">No provider is configured. Set a provider's key in the environment, or list one in the configuration.</p>` : ''}
    ${status.providers.map(provider)}`,
};

const limits = (standing) => (standing
  ? [['Calls under way', `${count(standing.held)} of ${standing.concurrency ? count(standing.concurrency) : 'any number'}`], ['Waiting', count(standing.waiting)]]
  : []);

const provider = (entry) => html`
  <section aria-labelledby="provider-${entry.name}">
    <h2 id="provider-${entry.name}">${entry.name} ${state(entry.state)}</h2>
    ${entry.detail ? html`<p>${entry.detail}</p>` : ''}
    ${pairs([['Kind', entry.kind], ['Models', count(entry.models)], ...windows.map((window) => [`Answered, last ${window}`, percent(entry.uptime[window])]), ...limits(entry.limits)])}
    ${table({
      caption: `Models of ${entry.name} that were asked within a day or are not well`,
      rows: entry.endpoints,
      empty: 'None of its models was asked within a day.',
      columns: [
        { head: 'Model', cell: (row) => html`<code>${row.model}</code>` },
        { head: 'State', cell: (row) => state(row.state) },
        { head: 'Circuit', cell: (row) => html`${state(row.circuit)}${row.open_until ? ` until ${time(row.open_until)}` : ''}` },
        { head: 'Cooling until (UTC)', cell: (row) => time(row.cooling_until) },
        ...windows.map((window) => ({ head: `Answered ${window}`, number: true, cell: (row) => percent(row.uptime[window]) })),
        { head: 'Failures, last 5 min', cell: (row) => row.failures.map((failure) => `${failure.kind.replaceAll('_', ' ')} × ${failure.count}`).join(', ') || 'none' },
        { head: 'First token', number: true, cell: (row) => (row.speed ? duration(Math.round(row.speed.first_token_seconds * 1000)) : '–') },
        { head: 'Tokens/s', number: true, cell: (row) => (row.speed ? row.speed.tokens_per_second.toFixed(1) : '–') },
      ],
    })}
    ${entry.credentials.length === 0 ? '' : table({
      caption: `Credentials of ${entry.name}, last 5 minutes`,
      rows: entry.credentials,
      empty: '',
      columns: [
        { head: 'Credential', cell: (row) => html`<code>${row.id}</code>` },
        { head: 'State', cell: (row) => state(row.state) },
        { head: 'Cooling until (UTC)', cell: (row) => time(row.cooling_until) },
        { head: 'Answered', number: true, cell: (row) => count(row.succeeded) },
        { head: 'Failed', number: true, cell: (row) => count(row.failed) },
        { head: 'Refused for it', number: true, cell: (row) => count(row.limited) },
      ],
    })}
  </section>`;
