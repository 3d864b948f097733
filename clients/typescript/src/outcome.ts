import type { ServiceStatus } from './types.ts';

/** Where a change of a service has got to. */
export interface Outcome {
  /** `serving`: every version is what it is asked to be (ready, or unloaded) and the traffic asked for is in force. */
  readonly state: 'progressing' | 'serving' | 'failed';
  /** One sentence: what is awaited, or why it failed. */
  readonly message: string;
}

/** Phases in which a version does what it is asked to. */
const SETTLED: ReadonlySet<string> = new Set(['ready', 'asleep', 'drained', 'unloaded']);

/** Reads a service's state as the outcome of the revision that somebody asked for. */
export function outcomeOf(status: ServiceStatus, revision: number): Outcome {
  if (status.observedRevision < revision) return { state: 'progressing', message: `the engine has not looked at revision ${revision} yet` };
  const wanted = status.versions.filter((version) => version.desired);
  const failed = wanted.find((version) => version.phase === 'failed');
  if (failed) return { state: 'failed', message: `version ${failed.version} failed: ${failed.reason}${failed.message ? `: ${failed.message}` : ''}${stillServing(status, failed.version)}` };
  const waiting = wanted.filter((version) => !SETTLED.has(version.phase) || version.replicas.filter((replica) => replica.phase === 'ready').length < version.replicasDesired);
  if (waiting.length > 0) return { state: 'progressing', message: waiting.map((version) => `version ${version.version} is ${version.phase}${version.message ? `: ${version.message}` : ''}`).join('; ') };
  if ((status.servingRevision ?? -1) < revision) return { state: 'progressing', message: `traffic still follows revision ${status.servingRevision ?? 'none'}` };
  const held = wanted.filter(({ state }) => state !== 'loaded').map(({ version, state }) => `${version} is ${state}`);
  return { state: 'serving', message: `revision ${revision} serves${held.length ? `; ${held.join(', ')}` : ''}` };
}

function stillServing(status: ServiceStatus, failed: string): string {
  const serving = status.versions.filter((version) => version.version !== failed && version.weight > 0 && (version.phase === 'ready' || version.phase === 'asleep')).map((version) => version.version);
  if (serving.length === 0) return '';
  return serving.length === 1 ? `; version ${serving[0]} keeps serving` : `; versions ${serving.join(', ')} keep serving`;
}
