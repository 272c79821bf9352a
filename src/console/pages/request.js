import { html } from '../vendor/lit-html/lit-html.js';
import { get } from '../lib/api.js';
import { count, duration, time, usd } from '../lib/format.js';
import { pairs, state, table } from '../lib/parts.js';

// Who has to do something, in the words of an error's source.
const faults = {
  client: 'the client: the request cannot be answered as it is',
  gateway: 'Sluice: its configuration or a limit of it',
  provider: 'the provider',
  network: 'the network between Sluice and the provider',
};

export default {
  title: 'Request',
  async load(query, id) {
    const [request, diagnosis] = await Promise.all([get(`/requests/${encodeURIComponent(id)}`), get(`/diagnose/${encodeURIComponent(id)}`)]);
    return { request, diagnosis };
  },
  view: ({ request, diagnosis }) => html`
    <p><a href="#/requests">All requests</a></p>
    <section aria-labelledby="verdict" class="verdict">
      <h2 id="verdict"><code>${request.id}</code> ${state(request.error ?? (request.state === 'settled' ? 'answered' : request.state))}</h2>
      <p class="cause">${request.cause}</p>
      ${request.error_source ? html`<p><strong>Whose fault:</strong> <span class="fault">${faults[request.error_source] ?? request.error_source}</span></p>` : ''}
      ${request.remedy ? html`<p><strong>What now:</strong> <span class="remedy">${request.remedy}</span></p>` : ''}
    </section>
    ${pairs([
      ['Status', request.status], ['Begun (UTC)', time(request.started_at)], ['Ended (UTC)', time(request.ended_at)], ['Cost', usd(request.cost_usd)],
      ['User', request.user], ['Team', request.team], ['Project', request.project], ['Key', request.key_id], ['Session', request.session], ['Client', request.client], ['Tags', request.tags],
      ['Asked for', request.requested_model], ['Model', request.model], ['Format', request.client_protocol], ['Streamed', request.stream ? 'yes' : 'no'], ['Route', request.route],
      ['Rule', request.plan?.rule], ['Could not be carried', request.degradations.join(', ')],
    ])}
    ${diagnosis.steps.every((step) => step.verdict === 'ok') ? '' : table({
      caption: 'Where it went wrong',
      rows: diagnosis.steps,
      empty: '',
      columns: [
        { head: 'Step', cell: (step) => step.step },
        { head: 'Verdict', cell: (step) => html`${state(step.verdict)} ${step.cause ? step.cause.replaceAll('_', ' ') : ''}` },
        { head: 'Found', cell: (step) => step.found },
        { head: 'What to do', cell: (step) => step.remedy ?? '–' },
      ],
    })}
    ${table({
      caption: 'Attempts',
      rows: request.attempts,
      empty: 'No provider was asked.',
      columns: [
        { head: 'Attempt', cell: (attempt) => `${attempt.ordinal}. ${attempt.provider}` },
        { head: 'Model there', cell: (attempt) => attempt.upstream_model },
        { head: 'Credential', cell: (attempt) => attempt.credential ?? '–' },
        { head: 'Outcome', cell: (attempt) => html`${state(attempt.outcome)} ${attempt.status ?? ''}` },
        { head: 'Asked after', number: true, cell: (attempt) => duration(attempt.sent_ms) },
        { head: 'First token', number: true, cell: (attempt) => duration(attempt.first_token_ms) },
        { head: 'Took', number: true, cell: (attempt) => duration(attempt.milliseconds) },
        { head: 'Input', number: true, cell: (attempt) => count(attempt.input_tokens) },
        { head: 'From cache', number: true, cell: (attempt) => count(attempt.cache_read_tokens) },
        { head: 'Output', number: true, cell: (attempt) => count(attempt.output_tokens) },
        { head: 'USD', number: true, cell: (attempt) => html`${usd(attempt.cost_usd)}${attempt.unpriced ? ' (no price known)' : attempt.estimated ? ' (estimated)' : ''}` },
        { head: 'Upstream id', cell: (attempt) => attempt.upstream_request_id ?? '–' },
        { head: 'What it said', cell: (attempt) => attempt.message ?? '–' },
      ],
    })}
    ${listed('Whom the plan would have asked, in this order', request.plan?.candidates ?? [], (row) => `${row.provider}/${row.model}`)}
    ${listed('Who was left out', request.left_out ?? [], (row) => row.endpoint)}
    ${(request.plan?.notes ?? []).map((note) => html`<p>${note}</p>`)}`,
};

const listed = (caption, rows, name) => (rows.length === 0 ? '' : table({
  caption,
  rows,
  empty: '',
  columns: [{ head: 'Endpoint', cell: name }, { head: 'Why', cell: (row) => row.why }],
}));
