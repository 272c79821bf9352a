import { html } from '../vendor/lit-html/lit-html.js';
import { get } from '../lib/api.js';
import { state, table } from '../lib/parts.js';

export default {
  title: 'Checks',
  load: () => get('/doctor'),
  view: (found) => html`
    <p>What <code>sluice doctor</code> says of this Sluice: ${state(found.verdict)}</p>
    ${table({
      caption: 'The production checklist',
      rows: found.lines,
      empty: 'There is nothing to check.',
      columns: [
        { head: 'Check', cell: (line) => line.check },
        { head: 'Verdict', cell: (line) => state(line.verdict) },
        { head: 'Found', cell: (line) => line.found },
        { head: 'What to do', cell: (line) => line.remedy ?? '–' },
      ],
    })}`,
};
