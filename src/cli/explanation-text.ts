import type { Explanation } from '../../clients/typescript/src/index.ts';
import { shortNumber } from '../deployment-engine/scheduler/index.ts';
import { formatBytes, type Output } from './output.ts';

/** Why, in words. */
export function showExplanation(out: Output, { service, versions, binding, prices, conflicts, note }: Explanation): void {
  out.line({ text: service, style: 'bold' });
  if (versions.length === 0) out.line('no version of it is to be in memory');
  for (const version of versions) {
    out.line();
    out.line({ text: version.version, style: 'bold' }, `  ${version.replicasNow === version.replicas ? replicas(version.replicas) : `${version.replicasNow} → ${replicas(version.replicas)}`} of ${version.replicasMin === version.replicasMax ? version.replicasMin : `${version.replicasMin} to ${version.replicasMax}`}, ${shortNumber(version.cpus)} cores`);
    out.paragraph(`  serves ${version.why}`.replace('serves gets', 'gets').replace(/serves (?!all|gets)/, ''));
    out.paragraph(`  demand: ${shortNumber(version.rate)} requests/s lately${version.backlog ? `, ${version.backlog} wait` : ''}; planned for ${shortNumber(version.demand)}`);
    out.paragraph(`  worth of a request: priority ${shortNumber(version.priority)} × quality ${shortNumber(version.quality)} (${version.qualityBasis})`);
    out.paragraph(`  one request takes ${shortNumber(version.cpuSecondsPerRequest * 1000)} ms of a core, a replica ${formatBytes(version.memoryBytesPerReplica)} and ${shortNumber(version.loadSeconds)} s to load (${version.profileBasis})`);
    if (version.allocation) out.paragraph(`  in force: ${replicas(version.allocation.replicas)}${version.allocation.cpus === null ? '' : `, ${shortNumber(version.allocation.cpus)} cores`}${version.allocation.reason ? `: ${version.allocation.reason}` : ''}`);
  }
  for (const [title, lines, none] of [['What is scarce', binding, 'Nothing: all that is asked for is served.'], ['What more would bring', prices, 'More of a single resource would serve no more.'], ['What can’t all be kept', conflicts, '']] as const) {
    if (lines.length === 0 && !none) continue;
    out.line();
    out.line({ text: title, style: 'bold' });
    for (const line of lines.length ? lines : [none]) out.paragraph(`  ${line}`);
  }
  if (note) out.paragraph(note, 'yellow');
}

const replicas = (count: number): string => `${count} replica${count === 1 ? '' : 's'}`;
