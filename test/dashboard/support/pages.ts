import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Every page, with a heading that says it is there. */
export const PAGES: Readonly<Record<string, { readonly path: string; readonly heading: { readonly en: string; readonly zh: string } }>> = {
  overview: { path: '/', heading: { en: 'Overview', zh: '概览' } },
  service: { path: '/services/scoring', heading: { en: 'scoring', zh: 'scoring' } },
  repositories: { path: '/repositories', heading: { en: 'Repositories', zh: '模型仓库' } },
  repository: { path: '/repositories/scorer', heading: { en: 'scorer', zh: 'scorer' } },
  version: { path: '/repositories/scorer/versions/v2', heading: { en: 'scorer:v2', zh: 'scorer:v2' } },
  'try-it': { path: '/try-it/scoring', heading: { en: 'Try scoring', zh: '试用 scoring' } },
  events: { path: '/events', heading: { en: 'Events', zh: '事件' } },
  logs: { path: '/logs', heading: { en: 'Logs', zh: '日志' } },
  nodes: { path: '/nodes', heading: { en: 'Nodes', zh: '节点' } },
  scheduler: { path: '/scheduler', heading: { en: 'Scheduler', zh: '调度器' } },
  settings: { path: '/settings', heading: { en: 'Settings', zh: '设置' } },
};

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe finds against WCAG 2.2 AA and good practice, one line each. */
export async function axeFindings(page: Page): Promise<string[]> {
  // Through the debugger, which the page's own content policy does not concern.
  if (!(await page.evaluate('typeof axe === "object"'))) await page.evaluate(axeSource);
  const { violations } = (await page.evaluate(`axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`)) as { violations: readonly Violation[] };
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} (${failureSummary?.slice(0, 200)})`).join('; ')}`);
}
