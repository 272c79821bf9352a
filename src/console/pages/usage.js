import { html } from '../vendor/lit-html/lit-html.js';
import { get } from '../lib/api.js';
import '../lib/day-chart.js';
import { count, usd, usdOfNano } from '../lib/format.js';
import { choice, spans, table } from '../lib/parts.js';
import { amounts } from '../lib/amounts.js';

const dimensions = [['user', 'user'], ['team', 'team'], ['project', 'project'], ['model', 'model'], ['provider', 'provider'], ['client', 'client'], ['key', 'key'], ['cause', 'how it ended'], ['day', 'day']];

// More colours than these nobody tells apart.
const mostSeries = 7;

export default {
  title: 'Usage',
  async load(query) {
    const { by = 'user', since = '30d', waste } = query;
    const [sums, daily] = await Promise.all([
      get('/report', { by, since, waste }),
      get('/report', { by: by === 'day' ? 'day' : `day,${by}`, since, waste }),
    ]);
    return { sums, daily };
  },
  view({ sums, daily }, frame) {
    const { by = 'user', since = '30d', waste = '' } = frame.query;
    const name = by === 'key' ? 'key_id' : by;
    const days = [...new Set(daily.rows.map((row) => row.day))].sort();
    return html`
      <p class="filters">
        ${choice('By', 'by', by, dimensions, frame)}
        ${choice('Since', 'since', since, spans, frame)}
        ${choice('Attempts', 'waste', waste, [['', 'all'], ['1', 'that brought no answer']], frame)}
      </p>
      <p class="total"><strong>${usd(sums.total.cost_usd)}</strong> for ${count(sums.total.requests)} requests, ${count(sums.total.attempts)} attempts.</p>
      ${sums.total.unpriced ? html`<p class="error">${count(sums.total.unpriced)} attempts have no known price, so it was more than that. Give their models a price in the configuration.</p>` : ''}
      ${sums.truncated ? html`<p class="error">There is more than is shown; the sums are of what is shown. Choose a shorter time.</p>` : ''}
      ${days.length ? html`<day-chart .bars=${bars(daily.rows, days, name, sums.rows)}></day-chart>` : ''}
      ${table({
        caption: `Spent by ${dimensions.find(([value]) => value === by)?.[1] ?? by}`,
        rows: sums.rows,
        empty: waste ? 'Nothing was spent without an answer in this time.' : 'No request was made in this time. With a key from the Keys page, a client can make the first.',
        columns: [{ head: by, cell: (row) => row[name] ?? 'none' }, ...amounts],
      })}
      ${by === 'day' || !days.length ? '' : html`<details><summary>The same day by day, as a table</summary>${table({
        caption: `Spent by day and ${by}`,
        rows: daily.rows.toSorted((a, b) => b.day.localeCompare(a.day)),
        empty: '',
        columns: [{ head: 'Day (UTC)', cell: (row) => row.day }, { head: by, cell: (row) => row[name] ?? 'none' }, ...amounts],
      })}</details>`}`;
  },
};

function bars(rows, days, name, ranked) {
  const names = ranked.slice(0, mostSeries).map((row) => row[name]);
  const series = name === 'day'
    ? [{ name: 'all', of: rows }]
    : names.map((value) => ({ name: value ?? 'none', of: rows.filter((row) => row[name] === value) }));
  const rest = name === 'day' ? [] : rows.filter((row) => !names.includes(row[name]));
  if (rest.length) {
    series.push({ name: 'others', of: rest });
  }
  return {
    label: `US dollars by day, from ${days[0]} to ${days.at(-1)}; the table below has the numbers`,
    days,
    series: series.map(({ name: label, of }) => {
      const nano = days.map((day) => of.filter((row) => row.day === day).reduce((sum, row) => sum + row.cost_nano_usd, 0));
      return { name: label, heights: nano.map((amount) => amount / 1e9), texts: nano.map(usdOfNano) };
    }),
  };
}
