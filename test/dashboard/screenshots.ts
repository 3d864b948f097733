/** Makes docs/images/dashboard anew: `node test/dashboard/screenshots.ts`. Each page light, dark, in Chinese and on a phone. Look at them. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { startBrowser } from './support/browser.ts';
import { PAGES } from './support/pages.ts';
import { startDashboardPlatform } from './support/platform.ts';

const folder = join(import.meta.dirname, '../../docs/images/dashboard');
const QUALITY = 0.6;
/** So that charts have something to show. */
const HISTORY_MS = 60_000;
const WIDE = { width: 1200, height: 800 };
const VIEWS = {
  light: { colorScheme: 'light', locale: 'en-GB', viewport: WIDE },
  dark: { colorScheme: 'dark', locale: 'en-GB', viewport: WIDE },
  zh: { colorScheme: 'light', locale: 'zh-CN', viewport: WIDE },
  phone: { colorScheme: 'light', locale: 'en-GB', viewport: { width: 390, height: 780 } },
} as const;
/** Pages with rates, which need two looks at the server. */
const LIVE = new Set(['overview', 'service', 'nodes']);
/** Of how much height one sees more than a window: those that are worth it. */
const WHOLE = new Set(['service light', 'repository light']);

const [{ platform, stop }, browser] = await Promise.all([startDashboardPlatform(), startBrowser()]);
try {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const converter = await browser.newPage();
  await sleep(HISTORY_MS);
  for (const [view, options] of Object.entries(VIEWS)) {
    const page = await (await browser.newContext({ baseURL: platform.url, ...options })).newPage();
    for (const [name, { path }] of Object.entries(PAGES)) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await sleep(LIVE.has(name) ? 5000 : 1500);
      if (name === 'try-it') {
        await page.locator('textarea').first().fill('[[1, 2, 3, 4]]');
        await page.locator('button.primary').click();
        await page.locator('.answer').last().waitFor();
      }
      const png = await page.screenshot({ fullPage: WHOLE.has(`${name} ${view}`) });
      writeFileSync(join(folder, `${name}-${view}.webp`), await asWebp(converter, png));
    }
  }
} finally {
  await browser.close();
  await stop();
}

/** A fifth of a PNG's size, by the browser itself. */
async function asWebp(page: Page, png: Buffer): Promise<Buffer> {
  const base64 = (await page.evaluate(`(async () => {
    const bitmap = await createImageBitmap(await (await fetch('data:image/png;base64,${png.toString('base64')}')).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/webp', quality: ${QUALITY} })).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  })()`)) as string;
  return Buffer.from(base64, 'base64');
}
