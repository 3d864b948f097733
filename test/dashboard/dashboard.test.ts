import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { skipReason, startBrowser } from './support/browser.ts';
import { type DashboardPlatform, startDashboardPlatform } from './support/platform.ts';

describe('the dashboard in a browser', { skip: skipReason }, () => {
  let dashboard: DashboardPlatform;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** What the browser complained of: a breach of the content policy, an exception. */
  const complaints: string[] = [];

  before(async () => {
    [dashboard, browser] = await Promise.all([startDashboardPlatform(), startBrowser()]);
    context = await browser.newContext({ baseURL: dashboard.platform.url, locale: 'en', viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
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
});
