import { count, usd } from './format.js';
import { html } from '../vendor/lit-html/lit-html.js';

/** The columns of whatever was spent, for rows of a report. */
export const amounts = [
  { head: 'Requests', number: true, cell: (row) => count(row.requests) },
  { head: 'Attempts', number: true, cell: (row) => count(row.attempts) },
  { head: 'Input tokens', number: true, cell: (row) => count(row.input_tokens) },
  { head: 'Read from cache', number: true, cell: (row) => count(row.cache_read_tokens) },
  { head: 'Output tokens', number: true, cell: (row) => count(row.output_tokens) },
  { head: 'USD', number: true, cell: (row) => html`${usd(row.cost_usd)}${row.unpriced ? html` <span class="state fair">${count(row.unpriced)} unpriced</span>` : ''}` },
];
