import { setTimeout as wait } from 'node:timers/promises';
import type { Serving } from '../hostile/support/serving.ts';
import { createFrameTarget } from './frame-target.ts';
import { createGrpcTarget } from './grpc-target.ts';
import { createHttpTarget } from './http-target.ts';
import { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

/** Attacks at once. */
const LANES = 12;
/** Cases between two looks at whether all is well. */
const CONTROL_EVERY = 300;
/** Share of the time after which memory has found its level. */
const WARM_UP = 0.3;
/** Most that a process may grow after that; a leak of 1 kB a case would be more within minutes. */
const GROWTH_BYTES_MAX = 96 * 2 ** 20;
const FINDINGS_MAX = 20;

export interface Campaign {
  readonly seed: number;
  readonly durationMs: number;
  /** Told now and then. */
  readonly onProgress?: (text: string) => void;
}
export interface CampaignReport {
  readonly cases: Readonly<Record<string, number>>;
  readonly findings: readonly string[];
}

export function fuzzTargets(serving: Serving): FuzzTarget[] {
  const { worker, gateway } = serving;
  return [
    createHttpTarget(() => serving.port),
    createGrpcTarget(() => serving.grpcPort),
    createFrameTarget('worker', () => worker.socketPath, worker.record.token),
    createFrameTarget('gateway', () => gateway.config.socketPath, null),
  ];
}

/** One case alone. */
export async function repeatCase(target: FuzzTarget, seed: number, index: number): Promise<void> {
  await target.attack(Random.forCase(seed ^ hashOf(target.name), index));
}

/** Attacks everything that listens, for so long, and says what should not have happened. */
export async function runCampaign(serving: Serving, { seed, durationMs, onProgress = () => {} }: Campaign): Promise<CampaignReport> {
  const targets = fuzzTargets(serving);
  const begun = performance.now();
  const cases: Record<string, number> = Object.fromEntries(targets.map(({ name }) => [name, 0]));
  const findings: string[] = [];
  let [total, baseline] = [0, null as { gateway: number; worker: number } | null];
  const going = (): boolean => performance.now() - begun < durationMs && findings.length < FINDINGS_MAX && serving.alive;

  const lane = async (number: number): Promise<void> => {
    // Most lanes are HTTP's and gRPC's: those are the doors to the world.
    const target = targets[number < 6 ? 0 : number < 10 ? 1 : number - 8] as FuzzTarget;
    while (going()) {
      const index = cases[target.name] as number;
      cases[target.name] = index + 1;
      const failure = await repeatCase(target, seed, index).then(() => null, (error: Error) => error);
      // What follows the end of a process is no finding of its own.
      if (!serving.alive || /ECONNREFUSED/.test(failure?.message ?? '')) return void findings.push(`SEED=${seed}, at or before CASE=${target.name}:${index}: a process ended`);
      if (failure) findings.push(`SEED=${seed} CASE=${target.name}:${index}: ${failure.message}`);
      if (++total % CONTROL_EVERY === 0) await serving.unharmed().catch((error: Error) => findings.push(`SEED=${seed}, before CASE=${target.name}:${index}: ${error.message}`));
    }
  };
  const watch = async (): Promise<void> => {
    while (going()) {
      await wait(Math.min(1000, durationMs / 10));
      if (!baseline && serving.alive && performance.now() - begun > durationMs * WARM_UP) baseline = await serving.residentBytes();
      onProgress(`${Object.entries(cases).map(([name, count]) => `${name} ${count}`).join(', ')}; ${findings.length} findings`);
    }
  };
  await Promise.all([watch(), ...Array.from({ length: LANES }, (_, number) => lane(number))]);
  await Promise.all(targets.map((target) => target.close()));
  await (serving.alive ? serving.quiet() : Promise.resolve()).then(() => serving.unharmed()).catch((error: Error) => findings.push(`at the end of SEED=${seed}: ${error.message}`));
  if (baseline && serving.alive) findings.push(...(await growth(serving, baseline)));
  return { cases, findings };
}

async function growth(serving: Serving, baseline: { gateway: number; worker: number }): Promise<string[]> {
  const now = await serving.residentBytes();
  return (['gateway', 'worker'] as const).flatMap((name) => (now[name] - baseline[name] > GROWTH_BYTES_MAX ? [`the ${name} grew from ${baseline[name] / 1e6} to ${now[name] / 1e6} MB`] : []));
}

function hashOf(text: string): number {
  return [...text].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 7);
}
