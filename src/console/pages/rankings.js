import { html } from '../vendor/lit-html/lit-html.js';
import { get } from '../lib/api.js';
import { count, percent } from '../lib/format.js';
import { amounts } from '../lib/amounts.js';
import { choice, spans, table } from '../lib/parts.js';

const measures = {
  tokens: ['tokens', (row) => row.input_tokens + row.cache_read_tokens + row.cache_write_5m_tokens + row.cache_write_1h_tokens + row.output_tokens],
  requests: ['requests', (row) => row.requests],
  cost: ['cost', (row) => row.cost_nano_usd],
};

export default {
  title: 'Rankings',
  async load({ since = '7d' }) {
    const [apps, models] = await Promise.all([get('/report', { by: 'client', since }), get('/report', { by: 'model', since })]);
    return { apps, models };
  },
  view({ apps, models }, frame) {
    const { since = '7d', rank = 'tokens' } = frame.query;
    const [, measure] = measures[rank] ?? measures.tokens;
    return html`
      <p class="filters">
        ${choice('By', 'rank', rank, Object.entries(measures).map(([name, [text]]) => [name, text]), frame)}
        ${choice('Since', 'since', since, spans, frame)}
      </p>
      ${ranking('Apps', 'App', 'client', apps, measure)}
      ${ranking('Models', 'Model', 'model', models, measure)}`;
  },
};

function ranking(caption, head, name, report, measure) {
  const rows = report.rows.toSorted((a, b) => measure(b) - measure(a)).map((row, index) => ({ ...row, rank: index + 1 }));
  const all = measure(report.total);
  return table({
    caption,
    rows,
    empty: 'Nothing was asked in this time, so there is nothing to rank.',
    columns: [
      { head, cell: (row) => row[name] ?? 'unknown' },
      { head: 'Rank', number: true, cell: (row) => count(row.rank) },
      { head: 'Share', number: true, cell: (row) => (all ? percent(measure(row) / all) : '–') },
      ...amounts,
    ],
  });
}
