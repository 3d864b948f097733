import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map((name) => `/usr/bin/${name}`);

/** Debian's Chromium or somebody's Chrome; undefined: there is none. */
export const browserPath = (): string | undefined => PLACES.find(existsSync);

/** Why the tests can't run here; false: they can. */
export const skipReason = browserPath() ? false : 'no Chromium: install the Debian package chromium, or run make test as root, which does';

export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath() as string,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
  });
}
