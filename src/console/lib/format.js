// How values are shown. Money comes as exact decimal text and stays text; where it must be added up, its whole nano-dollars are.

export const none = '–';

/** '12.500000000' as '$12.50': no digit but trailing zeros is taken away. */
export function usd(text) {
  if (text === null || text === undefined) {
    return none;
  }
  const [whole, fraction = ''] = String(text).split('.');
  const [sign, digits] = whole.startsWith('-') ? ['-', whole.slice(1)] : ['', whole];
  return `${sign}$${grouped(digits)}.${fraction.replace(/0+$/, '').padEnd(2, '0')}`;
}

/** Whole nano-dollars as exact decimal text: 1500000007 is '1.500000007'. Exact up to nine million dollars. */
export function usdOfNano(nano) {
  const digits = String(nano).padStart(10, '0');
  return usd(`${digits.slice(0, -9)}.${digits.slice(-9)}`);
}

/** USD per million tokens, as configured; a price that nobody knows is not free. */
export const rate = (number) => (number === null || number === undefined ? 'unknown' : `$${number}`);

/** 1234567 as '1,234,567'. */
export const count = (number) => (number === null || number === undefined ? none : grouped(String(number)));

/** ISO 8601 as '2026-11-21 19:42:10', UTC. */
export const time = (iso) => (iso ? new Date(iso).toISOString().slice(0, 19).replace('T', ' ') : none);

export const day = (iso) => (iso ? iso.slice(0, 10) : none);

/** Milliseconds as '812 ms' or '1.23 s'. */
export const duration = (ms) => (ms === null || ms === undefined ? none : ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(2)} s`);

/** A share from 0 to 1 as '99.87 %'; all but everything is never shown as everything. */
export function percent(share) {
  if (share === null || share === undefined) {
    return none;
  }
  return `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;
}

function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}
