// The console, used as an administrator uses it, in a real browser. Reads BASE_URL, ADMIN_KEY and CHROMIUM (the program). Each call tells
// what stood on the pages; the tests know what should.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { report } from './result.mjs';

const { BASE_URL, ADMIN_KEY, CHROMIUM, REQUEST_ID } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// Whatever the browser complains of, and whatever is asked of another place, is told with the answer.
async function browse(use) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, timeout: 30_000 });
  try {
    const context = await browser.newContext();
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const faults = [];
    const expected = new Set();
    page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
    page.on('console', (message) => {
      // Chromium reports every answer of 4xx there; those that a call causes on purpose it names.
      if (message.type() === 'error' && ![...expected].some((text) => message.text().includes(text))) {
        faults.push(`console: ${message.text()}`);
      }
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(`${BASE_URL}/console`) && !request.url().startsWith(`${BASE_URL}/admin/api/`)) {
        faults.push(`asked of another place: ${request.url()}`);
      }
    });
    await page.goto(`${BASE_URL}/console`);
    const value = await use(page, { context, expected });
    return { ...value, faults };
  } finally {
    await browser.close();
  }
}

async function signIn(page, key = ADMIN_KEY) {
  await page.getByLabel('Admin key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function visit(page, name) {
  await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  await page.locator('main[aria-busy="false"]').waitFor();
}

// The rows of a table by its caption, each an object by the heads of the columns.
const rows = (page, caption) => page.getByRole('table', { name: caption }).evaluate((table) => {
  const text = (cell) => cell.innerText.replace(/\s+/g, ' ').trim();
  const heads = [...table.tHead.rows[0].cells].map(text);
  return [...table.tBodies[0].rows].map((row) => Object.fromEntries([...row.cells].map((cell, i) => [heads[i], text(cell)])));
});

async function complaints(page, where) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
  if (!passes.some(({ id }) => id === 'color-contrast')) {
    throw new Error(`Nothing was checked: ${where}`);
  }
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${where}: ${id}: ${node.html.slice(0, 160)}`));
}

await report({
  signIn: () => browse(async (page, { context, expected }) => {
    expected.add('401');
    await signIn(page, 'not-the-admin-key-at-all');
    const alert = page.locator('#wrong');
    await alert.filter({ hasText: /./ }).waitFor();
    const wrong = await alert.innerText();
    await signIn(page);
    await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor();
    const left = { cookies: await context.cookies(), local: await page.evaluate(() => JSON.stringify(localStorage)), address: page.url() };
    const other = await context.newPage();
    await other.goto(`${BASE_URL}/console/`);
    await other.getByLabel('Admin key').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Admin key').waitFor();
    return { wrong, ...left, afterSignOut: await page.evaluate(() => sessionStorage.length) };
  }),

  models: () => browse(async (page) => {
    await signIn(page);
    await visit(page, 'Models');
    const all = await rows(page, 'Models by provider');
    await page.getByLabel('Show only').fill('GONE');
    return { all, found: await rows(page, 'Models by provider') };
  }),

  keys: () => browse(async (page) => {
    await signIn(page);
    await visit(page, 'Keys');
    await page.getByLabel('User').fill('grace');
    await page.getByLabel('Name', { exact: true }).fill('laptop');
    await page.getByLabel('Expires').fill('30d');
    await page.getByRole('button', { name: 'Create key' }).click();
    const dialog = page.getByRole('dialog');
    const secret = (await dialog.locator('output').innerText()).trim();
    const opens = (await fetch(`${BASE_URL}/v1/models`, { headers: { 'x-api-key': secret } })).status;
    await dialog.getByRole('button', { name: 'I have stored it' }).click();
    await page.getByRole('status').filter({ hasText: 'was created' }).waitFor();
    const created = (await rows(page, 'Client keys')).filter((row) => row.User === 'grace');
    const pageAfter = await page.content();

    await page.getByRole('button', { name: /^Revoke .* of grace/ }).click();
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('status').filter({ hasText: 'is revoked' }).waitFor();
    await page.getByLabel('Show', { exact: true }).selectOption('all');
    await page.getByRole('row', { name: /grace/ }).getByText('revoked').waitFor();
    const revoked = (await rows(page, 'Client keys')).filter((row) => row.User === 'grace');
    const closed = (await fetch(`${BASE_URL}/v1/models`, { headers: { 'x-api-key': secret } })).status;
    return { secretShape: secret.replace(/[0-9A-Za-z]{40}$/, '…'), opens, created, shownAgain: pageAfter.includes(secret.slice(-20)), revoked, closed };
  }),

  usage: () => browse(async (page) => {
    await signIn(page);
    await page.getByLabel('By', { exact: true }).selectOption('model');
    await page.getByRole('table', { name: 'Spent by model' }).waitFor();
    const total = await page.locator('.total').innerText();
    const spent = await rows(page, 'Spent by model');
    // A chart is there when something but its ground is painted.
    await page.waitForFunction(() => {
      const canvas = document.querySelector('day-chart canvas');
      return canvas?.width > 0 && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value !== 0);
    });
    await page.getByText('The same day by day').click();
    const daily = await rows(page, 'Spent by day and model');
    await visit(page, 'Rankings');
    return { total, spent, daily, apps: await rows(page, 'Apps'), models: await rows(page, 'Models') };
  }),

  explain: () => browse(async (page) => {
    await signIn(page);
    await visit(page, 'Requests');
    const newest = await rows(page, 'Requests, the newest first');
    await page.getByLabel('Show', { exact: true }).selectOption('1');
    await page.waitForFunction(() => location.hash.includes('failed=1') && document.querySelector('main').ariaBusy === 'false');
    const failed = await rows(page, 'Requests, the newest first');
    await page.getByRole('link', { name: REQUEST_ID }).click();
    await page.getByRole('heading', { level: 1, name: 'Request', exact: true }).waitFor();
    const text = async (part) => (await page.locator(part).innerText()).trim();
    await page.locator('.cause').waitFor();
    const told = { cause: await text('.cause'), fault: await text('.fault'), remedy: await text('.remedy'), steps: await rows(page, 'Where it went wrong'), attempts: await rows(page, 'Attempts') };
    await visit(page, 'Checks');
    const checks = await rows(page, 'The production checklist');
    await visit(page, 'Providers');
    const calls = await page.getByRole('region', { name: /^sim / }).locator('dd').allInnerTexts();
    return { checks, calls, newest, images: await page.locator('img').count(), failed, ...told, unwell: await rows(page, 'Models of gone that were asked within a day or are not well') };
  }),

  limits: () => browse(async (page) => {
    await signIn(page);
    await visit(page, 'Limits');
    await page.getByLabel('Scope').fill('user:ada');
    await page.getByLabel('Requests a minute').fill('6000');
    await page.getByLabel('At once', { exact: true }).fill('2');
    await page.getByRole('button', { name: 'Set limits' }).click();
    await page.getByRole('status').filter({ hasText: 'count from now on' }).waitFor();
    const set = await rows(page, 'Limits set here');
    await page.getByRole('button', { name: 'Remove the limits of user:ada' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('None are set.').waitFor();
    return { set };
  }),

  // By the keyboard alone: from the address bar to a page and back.
  keyboard: () => browse(async (page) => {
    await page.getByLabel('Admin key').focus();
    await page.keyboard.type(ADMIN_KEY);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor();
    await page.waitForFunction(() => document.activeElement.innerText === 'Usage');
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor();
    await page.keyboard.press('Tab');
    const first = await page.evaluate(() => document.activeElement.innerText);
    for (let i = 0; i < 3; i++) {
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor();
    return { first, focus: await page.evaluate(() => document.activeElement.innerText) };
  }),

  // Every page in light and in dark, before the rules of WCAG that a program can check.
  accessibility: () => browse(async (page) => {
    const found = [];
    const check = async (where) => {
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        found.push(...await complaints(page, `${colorScheme} ${where}`));
      }
    };
    await check('sign-in');
    await signIn(page);
    for (const name of ['Models', 'Keys', 'Requests', 'Rankings', 'Providers', 'Limits', 'Checks', 'Usage']) {
      await visit(page, name);
      await check(name);
    }
    await visit(page, 'Requests');
    await page.getByRole('link', { name: REQUEST_ID }).click();
    await page.locator('.cause').waitFor();
    await check('request');
    await visit(page, 'Keys');
    await page.getByRole('button', { name: /^Revoke / }).first().click();
    await page.getByRole('dialog').waitFor();
    await check('dialog');
    return { found };
  }),

  // Sluice gone: what the page says, and that it comes back.
  unreachable: () => browse(async (page, { expected }) => {
    expected.add('ERR_FAILED');
    await signIn(page);
    await visit(page, 'Models');
    await page.route('**/admin/api/**', (route) => route.abort());
    await page.getByRole('link', { name: 'Keys', exact: true }).click();
    const told = await page.getByRole('alert').innerText();
    await page.unroute('**/admin/api/**');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('table', { name: 'Client keys' }).waitFor();

    // The admin key was changed meanwhile.
    expected.add('401');
    await page.route('**/admin/api/**', (route) => route.fulfill({ status: 401, json: { error: { message: 'no' } } }));
    await page.getByRole('link', { name: 'Models', exact: true }).click();
    await page.getByLabel('Admin key').waitFor();
    return { told, signedOut: await page.getByRole('status').innerText() };
  }),

  // The functions that show numbers, on values that floating point would spoil.
  formats: () => browse((page) => page.evaluate(async () => {
    const format = await import('./lib/format.js');
    const { dayBars } = await import('./lib/day-bars.js');
    const row = (day, user, cost_nano_usd) => ({ day, user, cost_nano_usd });
    const users = ['a', 'b', 'c', 'd', 'e', 'f', null, 'h', 'i'];
    return {
      usd: ['0.000000000', '12.500000000', '1234567.000000001', '-3.100000000', null].map(format.usd),
      usdOfNano: [0, 1, 1_500_000_007, 9_007_199_254_740_991].map(format.usdOfNano),
      rate: [null, 0, 0.075, 15].map(format.rate),
      count: [0, 999, 1000, 1234567, null].map(format.count),
      percent: [1, 0.99999, 0.5, 0, null].map(format.percent),
      bars: dayBars(
        [row('2026-02-27', 'a', 1), row('2026-03-01', 'a', 2_000_000_001), row('2026-03-01', null, 5), row('2026-03-01', 'h', 3), row('2026-03-01', 'i', 4)],
        'user', users.map((user) => ({ user }))).series.map(({ name, texts }) => `${name}: ${texts.join(' ')}`),
      days: dayBars([row('2026-02-27', 'a', 1), row('2026-03-01', 'a', 2)], 'day', []).days,
      duration: [0, 999, 1234, null].map(format.duration),
    };
  })),
});
