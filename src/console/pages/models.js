import { html } from '../vendor/lit-html/lit-html.js';
import { get } from '../lib/api.js';
import { count, rate } from '../lib/format.js';
import { state, table } from '../lib/parts.js';

export default {
  title: 'Models',
  async load() {
    const [{ models }, status] = await Promise.all([get('/models'), get('/status')]);
    return models.flatMap((model) => model.endpoints.map((endpoint) => ({ ...endpoint, id: model.id, ends: model.ends, state: stateOf(status, endpoint.provider, model.id) })));
  },
  view(endpoints, frame) {
    const wanted = (frame.local.filter ?? '').toLowerCase();
    const rows = endpoints.filter((row) => `${row.id} ${row.provider} ${row.model}`.toLowerCase().includes(wanted));
    return html`
      <p>What can be served now, at each provider. Prices are USD per million tokens.</p>
      <p class="filters"><label>Show only <input type="search" .value=${frame.local.filter ?? ''} placeholder="part of a name" @input=${(event) => {
        frame.local.filter = event.target.value;
        frame.draw();
      }}></label> <span role="status">${count(rows.length)} of ${count(endpoints.length)}</span></p>
      ${table({
        caption: 'Models by provider',
        rows,
        empty: endpoints.length
          ? 'No name has this in it.'
          : 'No model can be served: no provider has a usable key. Set one in the environment or in the configuration; the Providers page says what is wrong.',
        columns: [
          { head: 'Model', cell: (row) => html`<code>${row.id}</code>${row.ends ? html` <span class="state fair">ends ${row.ends}</span>` : ''}` },
          { head: 'Provider', cell: (row) => row.provider },
          { head: 'Health', cell: (row) => state(row.state) },
          { head: 'Window', number: true, cell: (row) => count(row.context_tokens) },
          { head: 'Most output', number: true, cell: (row) => count(row.output_tokens) },
          { head: 'Input', number: true, cell: (row) => rate(row.input_usd_per_million) },
          { head: 'Output', number: true, cell: (row) => rate(row.output_usd_per_million) },
          { head: 'Cache read', number: true, cell: (row) => rate(row.cache_read_usd_per_million ?? row.input_usd_per_million) },
          { head: 'Cache write', number: true, cell: (row) => rate(row.cache_write_usd_per_million ?? row.input_usd_per_million) },
          { head: 'Price from', cell: (row) => row.price_source || 'nowhere' },
        ],
      })}`;
  },
};

// The status lists endpoints that were asked lately or are not well; the others are well.
function stateOf(status, provider, model) {
  const endpoints = status.providers.find((entry) => entry.name === provider)?.endpoints ?? [];
  return endpoints.find((entry) => entry.model === model)?.state ?? 'ok';
}
