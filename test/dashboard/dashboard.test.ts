import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { lepton } from '../e2e/harness.ts';
import { skipReason, startBrowser } from './support/browser.ts';
import { type DashboardPlatform, startDashboardPlatform } from './support/platform.ts';

describe('the dashboard in a browser', { skip: skipReason }, () => {
  let dashboard: DashboardPlatform;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** What the browser complained of: a breach of the content policy, an exception. Conflicts are asked for. */
  const complaints: string[] = [];

  before(async () => {
    [dashboard, browser] = await Promise.all([startDashboardPlatform(), startBrowser()]);
    context = await browser.newContext({ baseURL: dashboard.platform.url, locale: 'en', viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && !/status of 409/.test(message.text()) && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
  });
  after(async () => {
    await browser?.close();
    await dashboard?.stop();
    assert.deepEqual(complaints, []);
  });

  it('shows services and their traffic', async () => {
    await page.goto('/');
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await page.getByRole('row', { name: /scoring/ }).getByText('Ready').waitFor();
    await page.getByRole('row', { name: /scoring/ }).getByText(/[1-9][\d.]*\/s/).first().waitFor();
  });

  it('changes the traffic after a preview, and rolls back', async () => {
    await page.getByRole('row', { name: /scoring/ }).getByRole('link').click();
    await page.getByRole('heading', { name: 'scoring', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Edit traffic' }).click();
    await page.getByRole('spinbutton', { name: 'Percent for v1' }).fill('50');
    await page.getByText('The weights add up to 70').waitFor();
    await page.getByRole('spinbutton', { name: 'Percent for v2' }).fill('50');
    await page.getByRole('button', { name: 'Preview' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('traffic.weights', { exact: false }).first().waitFor();
    assert.equal((await dashboard.platform.service('scoring')).revision, 3, 'a preview changes nothing');
    await dialog.getByLabel('Reason').fill('halves');
    await dialog.getByText('The same as a command').click();
    await dialog.getByText("lepton-ai traffic scoring v1=50 v2=50 v3=0 --no-sticky --reason halves").waitFor();
    await dialog.getByRole('button', { name: 'Apply' }).click();
    await dialog.waitFor({ state: 'detached' });
    const changed = await dashboard.platform.service('scoring');
    assert.deepEqual(changed.spec.traffic, { kind: 'weights', weights: { v1: 50, v2: 50 }, sticky: null, defaultVersion: null });
    await page.getByRole('button', { name: 'Roll back to revision 3' }).first().click();
    await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const back = await dashboard.platform.service('scoring');
    assert.deepEqual({ revision: back.revision, traffic: back.spec.traffic }, { revision: 5, traffic: { kind: 'weights', weights: { v1: 80, v2: 20 }, sticky: null, defaultVersion: null } });
  });

  it('shows a change of replicas as the command that does the same', async () => {
    await page.getByRole('button', { name: /priority and replicas of v2/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Nothing would change.').waitFor();
    await dialog.getByLabel('Priority').fill('3');
    await dialog.getByText(/^priority: \d+ 3$/).waitFor();
    await dialog.getByText('The same as a command').click();
    const command = (await dialog.locator('pre').first().textContent()) ?? '';
    assert.equal(command, 'lepton-ai schedule scoring v2 --priority 3 --replicas 1');
    const done = await lepton(dashboard.platform, ...command.split(' ').slice(1));
    assert.equal(done.code, 0, done.stderr);
    await dialog.getByRole('button', { name: 'Apply' }).click();
    await dialog.getByRole('alert').getByText(/revision/).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  it('loads and unloads a version', async () => {
    await page.getByRole('button', { name: 'Unload v3' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click();
    await page.getByRole('row', { name: /v3/ }).getByText('Unloaded').waitFor();
    await page.getByRole('button', { name: 'Load v3' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click();
    await page.getByRole('row', { name: /v3/ }).getByText('Ready').waitFor();
  });

  it('moves a label, and refuses what somebody else has moved', async () => {
    await page.goto('/repositories/scorer');
    await page.getByRole('button', { name: 'Move label canary' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Points to').selectOption('v3');
    await dashboard.platform.api('PUT', '/repositories/scorer/labels/canary', { version: 'v1' });
    await dialog.getByRole('button', { name: 'Apply' }).click();
    await dialog.getByRole('alert').getByText(/v1/).waitFor();
    const labels = await dashboard.platform.api<{ label: string; version: string }[]>('GET', '/repositories/scorer/labels');
    assert.equal(labels.find(({ label }) => label === 'canary')?.version, 'v1');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('listitem').filter({ hasText: 'canary' }).getByRole('link', { name: 'v1' }).waitFor();
    await page.getByRole('button', { name: 'Move label canary' }).click();
    await dialog.getByLabel('Points to').selectOption('v3');
    await dialog.getByRole('button', { name: 'Apply' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(await dashboard.platform.api<{ labels: object }>('GET', '/repositories/scorer').then(({ labels: found }) => found), { canary: 'v3', stable: 'v1' });
  });

  it('pages and searches many services', async () => {
    const many = Array.from({ length: 30 }, (_none, index) => `service-${String(index).padStart(2, '0')}`);
    for (const name of many) await dashboard.platform.api('PUT', `/services/${name}`, { deployments: ['v1', 'v2', 'v3', 'v2-large'].map((version) => ({ version: `scorer:${version}`, state: 'unloaded' })), traffic: { version: 'v1' } });
    await page.goto('/');
    await page.getByText(/^1–25 of 3\d$/).waitFor();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText(/^26–3\d of 3\d$/).waitFor();
    await page.getByRole('searchbox').fill('service-07');
    await page.getByRole('row', { name: /service-07/ }).getByRole('link').click();
    await page.getByRole('heading', { level: 1, name: 'service-07' }).waitFor();
    assert.equal(await page.locator('tbody .badge', { hasText: 'Unloaded' }).count(), 4);
  });

  it('answers the root with the page to browsers only', async () => {
    const root = async (accept: string) => (await fetch(dashboard.platform.url, { headers: { accept } })).headers.get('content-type');
    assert.match((await root('text/html,application/xhtml+xml,*/*;q=0.8')) ?? '', /^text\/html/);
    for (const accept of ['*/*', 'application/json', '']) assert.match((await root(accept)) ?? '', /^application\/json/, accept);
  });
});
