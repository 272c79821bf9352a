import { html } from '../vendor/lit-html/lit-html.js';
import { get } from '../lib/api.js';
import { amounts } from '../lib/amounts.js';
import { dayBars } from '../lib/day-bars.js';
import '../lib/day-chart.js';
import { count, usd } from '../lib/format.js';
import { choice, spans, table } from '../lib/parts.js';

const dimensions = [['user', 'user'], ['team', 'team'], ['project', 'project'], ['model', 'model'], ['provider', 'provider'], ['client', 'client'], ['key', 'key'], ['cause', 'how it ended'], ['day', 'day']];

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
    const { since = '30d', waste = '' } = frame.query;
    // While another report is asked for, this one is still shown as what it is.
    const [by] = sums.by;
    const name = by === 'key' ? 'key_id' : by;
    return html`
      <p class="filters">
        ${choice('By', 'by', frame.query.by ?? 'user', dimensions, frame)}
        ${choice('Since', 'since', since, spans, frame)}
        ${choice('Attempts', 'waste', waste, [['', 'all'], ['1', 'that brought no answer']], frame)}
      </p>
      <p class="total"><strong>${usd(sums.total.cost_usd)}</strong> for ${count(sums.total.requests)} requests, ${count(sums.total.attempts)} attempts.</p>
      ${sums.total.unpriced ? html`<p class="error">${count(sums.total.unpriced)} attempts have no known price, so it was more than that. Give their models a price in the configuration.</p>` : ''}
      ${sums.truncated ? html`<p class="error">There is more than is shown; the sums are of what is shown. Choose a shorter time.</p>` : ''}
      ${daily.truncated ? html`<p class="error">The smallest amounts are left out of the chart: there are too many by day. Choose a shorter time.</p>` : ''}
      ${daily.rows.length ? html`<day-chart .bars=${dayBars(daily.rows, name, sums.rows)}></day-chart>` : ''}
      ${table({
        caption: `Spent by ${dimensions.find(([value]) => value === by)?.[1] ?? by}`,
        rows: by === 'day' ? newestFirst(sums.rows) : sums.rows,
        empty: sums.waste ? 'Nothing was spent without an answer in this time.' : 'No request was made in this time. With a key from the Keys page, a client can make the first.',
        columns: [{ head: by, cell: (row) => row[name] ?? 'none' }, ...amounts],
      })}
      ${by === 'day' || daily.rows.length === 0 ? '' : dayByDay(daily.rows, by, name, frame)}`;
  },
};

const newestFirst = (rows) => rows.toSorted((a, b) => b.day.localeCompare(a.day));

// Long, so it is made only when somebody opens it.
const dayByDay = (rows, by, name, frame) => html`
  <details @toggle=${(event) => {
    frame.local.byDay = event.target.open;
    frame.draw();
  }}>
    <summary>The same day by day, as a table</summary>
    ${frame.local.byDay ? table({
      caption: `Spent by day and ${by}`,
      rows: newestFirst(rows),
      empty: '',
      columns: [{ head: 'Day (UTC)', cell: (row) => row.day }, { head: by, cell: (row) => row[name] ?? 'none' }, ...amounts],
    }) : ''}
  </details>`;
