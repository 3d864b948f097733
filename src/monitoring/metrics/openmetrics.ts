/** What ends a text of OpenMetrics. */
export const EOF = '# EOF\n';

/**
 * Prometheus' text in OpenMetrics' form (https://prometheus.io/docs/specs/om/open_metrics_spec/), without the end: counters'
 * families lose the suffix that their samples keep, and there are no empty lines.
 */
export function toOpenMetrics(text: string): string {
  const counters = new Set([...text.matchAll(/^# TYPE (\S+)_total counter$/gm)].map(([, family]) => family));
  const lines = text.split('\n').filter((line) => line !== '').map((line) => {
    const [, keyword, family, rest] = /^# (HELP|TYPE) (\S+)_total(.*)$/.exec(line) ?? [];
    return family !== undefined && counters.has(family) ? `# ${keyword} ${family}${rest}` : line;
  });
  return lines.length ? `${lines.join('\n')}\n` : '';
}
