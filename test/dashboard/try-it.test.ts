/** Requests from the page: lists, a picture, a sound, a text; hostile ones too. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { skipReason, startBrowser } from './support/browser.ts';
import { type DashboardPlatform, startDashboardPlatform } from './support/platform.ts';

/** What must stay text: markup, a terminal's escapes, text that turns around. */
const HOSTILE = '<img src=x onerror="globalThis.broken=1"><script>globalThis.broken=1</script>\u001b[31mred\u001b]0;title\u0007\u202egnp.exe';

describe('the page’s requests', { skip: skipReason }, () => {
  let dashboard: DashboardPlatform;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  before(async () => {
    [dashboard, browser] = await Promise.all([startDashboardPlatform(), startBrowser()]);
    page = await (await browser.newContext({ baseURL: dashboard.platform.url, locale: 'en', viewport: { width: 1280, height: 900 } })).newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
  });
  after(async () => {
    await browser?.close();
    await dashboard?.stop();
    assert.deepEqual(complaints, []);
  });

  const answers = () => page.locator('.answer');

  it('ask all versions at once and compare their answers', async () => {
    await page.goto('/try-it/scoring');
    await page.getByRole('textbox', { name: 'x as nested lists' }).fill('[1, 2, 3, 4]');
    await page.getByRole('button', { name: 'Send to 3' }).click();
    await answers().nth(2).getByText('y', { exact: true }).waitFor();
    assert.deepEqual(await answers().locator('.values').allTextContents(), ['2 4 6 8', '3 6 9 12', '4 8 12 16']);
    await answers().nth(2).getByText('differs by up to 8').waitFor();
    await answers().nth(2).getByText('same top').waitFor();
    await answers().nth(0).getByRole('button', { name: 'Right' }).click();
    await answers().nth(0).getByText('Kept as feedback.').waitFor();
    const { versions } = await dashboard.platform.api<{ versions: { version: string; correct: { correct: number } }[] }>('GET', '/services/scoring/feedback/summary');
    assert.deepEqual(versions.map(({ version, correct }) => [version, correct.correct]), [['v1', 1]]);
  });

  it('say what is wrong, as the server says it', async () => {
    await page.getByRole('textbox', { name: 'x as nested lists' }).fill('[[1, 2], [3]]');
    await page.getByText('The lists are not of one length at each depth.').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Send to 3' }).isDisabled());
    await page.getByRole('textbox', { name: 'x as nested lists' }).fill('[[1, 2, 3, 4, 5]]');
    await page.getByRole('button', { name: 'Send to 3' }).click();
    await answers().first().getByRole('alert').getByText(/shape/).waitFor();
  });

  it('send a picture', async () => {
    await page.goto('/try-it/images');
    const png = await page.evaluate(`(async () => {
      const canvas = new OffscreenCanvas(48, 48);
      const drawing = canvas.getContext('2d');
      drawing.fillStyle = 'rgb(255 0 51)';
      drawing.fillRect(0, 0, 48, 48);
      return Array.from(new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer()));
    })()`) as number[];
    await page.locator('input[type=file]').setInputFiles({ name: 'red.png', mimeType: 'image/png', buffer: Buffer.from(png) });
    await page.getByText('is sent as FP32 [1, 3, 24, 24]').waitFor();
    await page.getByRole('button', { name: 'Send to 1' }).click();
    const values = (await answers().locator('.values').textContent()) ?? '';
    assert.deepEqual([...new Set(values.replace(' …', '').split(' '))], ['1'], 'red is the first channel');
    await answers().getByText('the first 64 of 1728 elements').waitFor();
  });

  it('send a sound', async () => {
    await page.goto('/try-it/sounds');
    await page.locator('input[type=file]').setInputFiles({ name: 'tone.wav', mimeType: 'audio/wav', buffer: wave(16_000, 0.25) });
    await page.getByText('is sent as FP32 [1, 4000]').waitFor();
    await page.getByRole('button', { name: 'Send to 1' }).click();
    await answers().getByText('the first 64 of 4000 elements').waitFor();
  });

  it('send a text, and show the answer as text', async () => {
    await page.goto('/try-it/texts');
    await page.locator('input[type=file]').setInputFiles({ name: '<b>name</b>.txt', mimeType: 'text/plain', buffer: Buffer.from(HOSTILE) });
    await page.getByText('<b>name</b>.txt').first().waitFor();
    await page.getByRole('button', { name: 'Send to 1' }).click();
    const shown = (await answers().locator('.values').textContent()) ?? '';
    assert.ok(shown.startsWith('<img src=x onerror="globalThis.broken=1"><script>globalThis.broken=1</script>␛[31mred'), shown);
    assert.match(shown, /⟨U\+202E⟩gnp/);
    assert.equal(await page.evaluate('globalThis.broken'), undefined);
  });

  it('show hostile reasons, descriptions and logs as text', async () => {
    await dashboard.platform.api('POST', '/repositories', { name: 'hostile', description: HOSTILE });
    await dashboard.platform.api('PUT', '/services/scoring/traffic?wait=30', { traffic: { weights: { v1: 70, v2: 30 } }, reason: HOSTILE });
    await fetch(`${dashboard.platform.url}/v2/models/${encodeURIComponent(HOSTILE.slice(0, 40))}/infer`, { method: 'POST', body: '{}' });
    for (const [path, place] of [['/repositories', 'row'], ['/services/scoring', 'row']] as const) {
      await page.goto(path);
      await page.getByRole(place).getByText('<script>globalThis.broken=1</script>␛[31mred').first().waitFor();
    }
    await page.goto('/logs?process=gateway');
    await page.locator('.log li').first().waitFor();
    assert.equal(await page.evaluate('globalThis.broken'), undefined);
    assert.equal(await page.locator('main script, main img[src="x"]').count(), 0);
  });
});

/** A mono tone as 16-bit PCM. */
function wave(rate: number, seconds: number): Buffer {
  const samples = rate * seconds;
  const bytes = Buffer.alloc(44 + samples * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + samples * 2, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(samples * 2, 40);
  for (let index = 0; index < samples; index++) bytes.writeInt16LE(Math.round(8000 * Math.sin(index / 5)), 44 + index * 2);
  return bytes;
}
