import Table from 'cli-table3';
import type { ServiceStatus } from '../../clients/typescript/src/index.ts';
import type { Score } from './truth.ts';

const started = performance.now();

/** One line of progress, with the seconds since the start. */
export function say(text: string): void {
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
const milliseconds = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : `${value.toFixed(1)} ms`);

/** The versions side by side: what runs, what it costs, what it found. */
export function versionsTable(status: ServiceStatus, scores: ReadonlyMap<string, Score>): string {
  const table = new Table({ head: ['version', 'weight', 'replicas', 'requests', 'p50', 'p99', 'memory', 'speech found', 'agreement'], style: { head: [], border: [] }, colAligns: ['left', ...Array<'right'>(8).fill('right')] });
  for (const version of status.versions) {
    const score = scores.get(version.version);
    const ready = version.replicas.filter(({ phase }) => phase === 'ready');
    table.push([
      version.version,
      `${version.weight} %`,
      `${ready.length}/${version.replicasDesired}`,
      String(version.demand?.requests ?? 0),
      milliseconds(version.demand?.latencyP50Ms),
      milliseconds(version.demand?.latencyP99Ms),
      mebibytes(ready.reduce((sum, { residentBytes }) => sum + (residentBytes ?? 0), 0)),
      score ? `${score.speechSeconds.toFixed(1)} s in ${score.segments}` : '–',
      score ? `${(score.agreement * 100).toFixed(1)} %` : '–',
    ]);
  }
  return table.toString();
}
