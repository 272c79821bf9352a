// The parts that pages are made of.
import { html, nothing } from '../vendor/lit-html/lit-html.js';

// Nobody reads further, and a browser slows down.
const mostRows = 500;

/**
 * A table. The first column names the row.
 * @param {{ caption: string, columns: { head: string, cell: (row: any) => unknown, number?: boolean }[], rows: any[], empty: unknown }} what
 */
export function table({ caption, columns, rows, empty }) {
  if (rows.length === 0) {
    return html`<p class="empty">${empty}</p>`;
  }
  const [first, ...others] = columns;
  const side = (column) => (column.number ? 'number' : nothing);
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
      <table>
        <caption>${caption}</caption>
        <thead><tr>${columns.map((column) => html`<th scope="col" class=${side(column)}>${column.head}</th>`)}</tr></thead>
        <tbody>${rows.slice(0, mostRows).map((row) => html`
          <tr><th scope="row">${first.cell(row)}</th>${others.map((column) => html`<td class=${side(column)}>${column.cell(row)}</td>`)}</tr>`)}
        </tbody>
      </table>
    </div>
    ${rows.length > mostRows ? html`<p class="empty">The first ${mostRows} of ${rows.length} are shown; the command line prints all of them.</p>` : nothing}`;
}

const standing = {
  ok: 'good', valid: 'good', closed: 'good', answered: 'good',
  warn: 'fair', failing: 'fair', cooling: 'fair', half_open: 'fair', running: 'fair', superseded: 'fair', client_gone: 'fair', cancelled: 'fair',
};

/** A state as a word; its colour only repeats what the word says. */
export const state = (name) => (name ? html`<span class="state ${standing[name] ?? 'bad'}">${name.replaceAll('_', ' ')}</span>` : '–');

/** A list of choices that changes a parameter of the page. */
export const choice = (label, name, value, options, page) => html`
  <span><label for="choice-${name}">${label}</label>
    <select id="choice-${name}" @change=${(event) => page.go({ [name]: event.target.value })}>
      ${options.map(([option, text]) => html`<option value=${option} .selected=${option === value}>${text}</option>`)}
    </select>
  </span>`;

/** Times that reports are asked for. */
export const spans = [['1d', 'last day'], ['7d', 'last 7 days'], ['30d', 'last 30 days'], ['90d', 'last 90 days'], ['365d', 'last year']];

export const pairs = (list) => html`<dl>${list.filter(([, value]) => value !== null && value !== undefined && value !== '')
  .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
