import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, machineBusySeconds } from '../platform/usage.ts';
import type { LoadProcess } from './load-process.ts';
import type { LoadPlan, LoadSnapshot } from './plan.ts';

/** Whatever serves: its processes, each with a name for its kind. */
export interface ServerUnderLoad {
  processes(): ReadonlyMap<number, string>;
}

/** What load and server did in one stretch of time. */
export interface Window extends LoadSnapshot {
  readonly perSecond: number;
  /** CPU of all the server's processes, microseconds a request. */
  readonly cpuUs: number;
  readonly cpuUsByRole: Readonly<Record<string, number>>;
  /** Cores that everything else on the machine kept busy meanwhile: noise. */
  readonly otherCores: number;
}

/** Watches a load that runs already, for a while. */
export async function watch(load: LoadProcess, server: ServerUnderLoad, milliseconds: number): Promise<Window> {
  const processes = server.processes();
  const cpuOf = (): Map<number, number> => new Map([...processes.keys()].map((pid) => [pid, cpuSeconds(pid)]));
  await load.take();
  const [before, busyBefore] = [cpuOf(), machineBusySeconds()];
  await sleep(milliseconds);
  const [snapshot, after, busyAfter] = [await load.take(), cpuOf(), machineBusySeconds()];
  const requests = Math.max(1, snapshot.requests);
  const cpuUsByRole: Record<string, number> = {};
  let serverSeconds = 0;
  for (const [pid, role] of processes) {
    const seconds = Math.max(0, (after.get(pid) ?? 0) - (before.get(pid) ?? 0));
    serverSeconds += seconds;
    cpuUsByRole[role] = (cpuUsByRole[role] ?? 0) + (seconds * 1e6) / requests;
  }
  const otherCores = Math.max(0, (busyAfter - busyBefore - serverSeconds - snapshot.clientCpuSeconds) / snapshot.seconds);
  return { ...snapshot, perSecond: snapshot.requests / snapshot.seconds, cpuUs: (serverSeconds * 1e6) / requests, cpuUsByRole, otherCores };
}

/** One stretch of load from start to stop, after a moment to get going. */
export async function loadFor(load: LoadProcess, plan: LoadPlan, server: ServerUnderLoad, milliseconds: number, settleMs = 150): Promise<Window> {
  await load.start(plan);
  try {
    await sleep(settleMs);
    return await watch(load, server, milliseconds);
  } finally {
    await load.stop();
  }
}
