import { usdOfNano } from './format.js';

// More colours than these nobody tells apart; the rest is one series.
const mostSeries = 7;
const dayMs = 86_400_000;

/**
 * What <day-chart> draws of a report by day and one thing more.
 * @param {any[]} rows of the report by day and `name`
 * @param {string} name the member that tells series apart; 'day' for a single one
 * @param {any[]} ranked the report by `name` alone, the dearest first
 */
export function dayBars(rows, name, ranked) {
  const days = everyDay(rows.map((row) => row.day).sort());
  const series = name === 'day' ? [{ name: 'all', of: rows }] : split(rows, name, ranked);
  return {
    label: `US dollars by day, from ${days[0]} to ${days.at(-1)}; the tables below have the numbers`,
    days,
    series: series.map((one) => {
      const nano = days.map((day) => one.of.filter((row) => row.day === day).reduce((sum, row) => sum + row.cost_nano_usd, 0));
      return { name: one.name, heights: nano.map((amount) => amount / 1e9), texts: nano.map(usdOfNano) };
    }),
  };
}

function split(rows, name, ranked) {
  const first = ranked.slice(0, mostSeries).map((row) => row[name]);
  const others = rows.filter((row) => !first.includes(row[name]));
  return [
    ...first.map((value) => ({ name: value ?? 'none', of: rows.filter((row) => row[name] === value) })),
    ...(others.length ? [{ name: 'others', of: others }] : []),
  ];
}

// A day on which nothing was spent is a gap to be seen, not to be left out.
function everyDay(sorted) {
  const days = [];
  for (let at = Date.parse(sorted[0]); at <= Date.parse(sorted.at(-1)); at += dayMs) {
    days.push(new Date(at).toISOString().slice(0, 10));
  }
  return days;
}
