/** Every page in a real Chromium on a running platform: there, without a complaint of the browser, and usable by everybody. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { skipReason, startBrowser } from './support/browser.ts';
import { axeFindings, PAGES } from './support/pages.ts';
import { type DashboardPlatform, startDashboardPlatform } from './support/platform.ts';

describe('every page', { skip: skipReason }, () => {
  let dashboard: DashboardPlatform;
  let browser: Browser;
  before(async () => {
    [dashboard, browser] = await Promise.all([startDashboardPlatform(), startBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await dashboard?.stop();
  });

  const VIEWS = [
    { name: 'light, English', options: { colorScheme: 'light', locale: 'en-GB', viewport: { width: 1280, height: 900 } }, language: 'en', axe: null },
    { name: 'dark, Chinese', options: { colorScheme: 'dark', locale: 'zh-CN', viewport: { width: 1280, height: 900 } }, language: 'zh', axe: null },
    { name: 'on a phone', options: { colorScheme: 'light', locale: 'en', viewport: { width: 375, height: 740 } }, language: 'en', axe: ['overview', 'service', 'try-it'] as readonly string[] },
  ] as const;

  for (const { name, options, language, axe } of VIEWS) {
    it(`opens by its address, fits its width, and axe finds nothing: ${name}`, async () => {
      const context: BrowserContext = await browser.newContext({ baseURL: dashboard.platform.url, ...options });
      const page: Page = await context.newPage();
      const complaints: string[] = [];
      const findings: string[] = [];
      page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(String(error)));
      for (const [pageName, { path, heading }] of Object.entries(PAGES)) {
        await page.goto(path);
        await page.getByRole('heading', { level: 1, name: heading[language], exact: true }).waitFor();
        await page.getByRole('status').filter({ hasText: /^(Loading|正在加载)/ }).first().waitFor({ state: 'detached' });
        assert.equal(await page.evaluate('document.documentElement.lang'), language === 'zh' ? 'zh-CN' : 'en', pageName);
        assert.equal(await page.evaluate('document.documentElement.dataset.theme'), options.colorScheme, pageName);
        assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${pageName} is wider than the window`);
        if (!axe || axe.includes(pageName)) findings.push(...(await axeFindings(page)).map((finding) => `${pageName}: ${finding}`));
      }
      assert.deepEqual(findings, []);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  it('is reached by keyboard, and says where one is', async () => {
    const context = await browser.newContext({ baseURL: dashboard.platform.url, locale: 'en', viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    await page.goto('/');
    await page.getByRole('row', { name: /scoring/ }).waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content');
    for (let presses = 0; presses < 12 && (await page.evaluate('document.activeElement.textContent')) !== 'Events'; presses++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
    assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1');
    assert.equal(await page.title(), 'Events · Lepton AI');
    assert.equal(await page.getByRole('link', { name: 'Events', exact: true }).getAttribute('aria-current'), 'page');
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await context.close();
  });

  it('keeps the choice of language and colours', async () => {
    const context = await browser.newContext({ baseURL: dashboard.platform.url, locale: 'en', colorScheme: 'light' });
    const page = await context.newPage();
    await page.goto('/settings');
    await page.getByLabel('Colours').selectOption('dark');
    await page.getByLabel('Language').selectOption('zh');
    await page.getByRole('heading', { level: 1, name: '设置' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { level: 1, name: '设置' }).waitFor();
    assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark');
    await context.close();
  });
});
