import * as session from './session.js';

/** An answer that is no success. `status` is 0 when there was no answer at all. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// Longer than the admin API takes for anything: after 15 seconds without its store it says so.
const patienceMs = 20_000;

/**
 * Asks the admin API. `path` is what stands behind `/admin/api`; empty values of `query` are left out.
 * @returns {Promise<any>} the answer's JSON
 * @throws {ApiError}
 */
export async function call(method, path, { query = {}, body } = {}) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  const headers = { authorization: `Bearer ${session.key()}` };
  if (body !== undefined) {
    headers['content-type'] = 'application/json';
  }
  let answer;
  let text;
  try {
    answer = await fetch(`../admin/api${path}${asked.size ? `?${asked}` : ''}`, {
      method, headers, body: JSON.stringify(body), cache: 'no-store', credentials: 'omit', redirect: 'error', signal: AbortSignal.timeout(patienceMs),
    });
    text = await answer.text();
  } catch {
    throw new ApiError(0, 'Sluice did not answer. Is it still running, and can this browser reach it? Its log says why it stopped.');
  }
  const json = parse(text);
  if (!answer.ok || json === undefined) {
    throw new ApiError(answer.status, json?.error?.message ?? `Sluice answered ${answer.status} without words; perhaps something between the browser and Sluice did.`);
  }
  return json;
}

export const get = (path, query) => call('GET', path, { query });
export const post = (path, body = {}) => call('POST', path, { body });
export const put = (path, body) => call('PUT', path, { body });
export const remove = (path) => call('DELETE', path);

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
