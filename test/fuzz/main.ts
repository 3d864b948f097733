/**
 * `make fuzz`: chance against the codec and everything that listens, for MINUTES. `SEED=… make fuzz` repeats a run,
 * `SEED=… CASE=http:123 make fuzz` one of its cases. Ends with 1 when anything was found.
 */
import { Serving } from '../hostile/support/serving.ts';
import { fuzzTargets, repeatCase, runCampaign } from './campaign.ts';
import { PROPERTIES, tryProperty } from './properties.ts';
import { Random, seedOf } from './random.ts';

const PROGRESS_MS = 10_000;
/** Share of the time that the codec gets, in this process. */
const CODEC_SHARE = 0.1;

const seed = seedOf(process.env['SEED']);
const minutes = Number(process.env['MINUTES'] || 5);
if (!(minutes > 0)) throw new Error(`MINUTES is '${process.env['MINUTES']}', not a number above 0`);

function fuzzCodec(durationMs: number): string[] {
  return Object.entries(PROPERTIES).flatMap(([name, holds]) => {
    try {
      console.log(`codec: ${name}: ${tryProperty(holds, seed, durationMs)} cases`);
      return [];
    } catch (error) {
      return [`${name}: ${(error as Error).message}`];
    }
  });
}

async function fuzzEverything(): Promise<readonly string[]> {
  const durationMs = minutes * 60_000;
  const found = fuzzCodec((durationMs * CODEC_SHARE) / Object.keys(PROPERTIES).length);
  const serving = await Serving.start({ requestReceiveTimeoutMs: 3000 });
  try {
    let told = performance.now();
    const begun = told;
    const { cases, findings } = await runCampaign(serving, {
      seed,
      durationMs: durationMs * (1 - CODEC_SHARE),
      onProgress: (text) => {
        if (performance.now() - told < PROGRESS_MS) return;
        told = performance.now();
        console.log(`${((told - begun) / 1000).toFixed(0)} s: ${text}`);
      },
    });
    const { gateway, worker } = await serving.residentBytes();
    console.log(`cases: ${JSON.stringify(cases)}; resident at the end: gateway ${(gateway / 1e6).toFixed(0)} MB, worker ${(worker / 1e6).toFixed(0)} MB`);
    return [...found, ...findings];
  } finally {
    await serving.close();
  }
}

function repeatCodec(index: number): string[] {
  return Object.entries(PROPERTIES).flatMap(([name, holds]) => {
    try {
      holds(Random.forCase(seed, index));
      return [];
    } catch (error) {
      return [`${name}: ${(error as Error).stack}`];
    }
  });
}

async function repeat(which: string): Promise<readonly string[]> {
  const [name = '', index = ''] = which.split(':');
  if (name === 'codec') return repeatCodec(Number(index));
  const serving = await Serving.start({ requestReceiveTimeoutMs: 3000 });
  try {
    const target = fuzzTargets(serving).find((candidate) => candidate.name === name);
    if (!target || !/^\d+$/.test(index)) throw new Error(`CASE is '${which}', not one such as http:123 or codec:123`);
    await repeatCase(target, seed, Number(index));
    await serving.unharmed();
    return [];
  } catch (error) {
    return [(error as Error).message];
  } finally {
    await serving.close();
  }
}

console.log(`SEED=${seed}`);
const findings = process.env['CASE'] ? await repeat(process.env['CASE']) : await fuzzEverything();
for (const finding of findings) console.log(`FOUND ${finding}`);
console.log(findings.length ? `${findings.length} findings` : 'nothing found');
process.exit(findings.length ? 1 : 0);
