import type { Command } from 'commander';
import type { HostProfile, VersionProfiles } from '../../../clients/typescript/src/index.ts';
import { action, command, referenceOf } from '../context.ts';
import { formatBytes, formatMs, formatTime, type Output, shortDigest } from '../output.ts';

type Measured = NonNullable<HostProfile['measured']>;

/** What versions were measured and seen to need. */
export const profileCommand = (): Command =>
  command('profile <repository:version>', 'Show what a version was measured and seen to need, by class of host and threads.', ['profile my-model:v1.0', 'profile my-model:stable --json > my-model.json', 'profile my-model:v1.0 --forget'])
    .argument('<reference>')
    .option('--forget', 'forget it: the next start of the version measures anew')
    .action(
      action<{ forget?: boolean }>(async ({ client, out }, [text = ''], { forget }) => {
        const { repository, version } = referenceOf(text);
        if (forget) {
          await client.forgetProfiles(repository, version);
          return out.result({ forgotten: text }, () => out.line(`what ${text} needs is forgotten; its next start measures anew`));
        }
        const found = await client.getProfiles(repository, version);
        out.result(found, () => show(out, text, found));
      }),
    );

function show(out: Output, reference: string, { digest, storageBytes, hostClass, profiles }: VersionProfiles): void {
  out.line({ text: reference, style: 'bold' }, `  ${shortDigest(digest)}, files ${formatBytes(storageBytes)}`);
  if (!profiles.length) return out.paragraph(`It has never run on this class of host (${hostClass}) or another: deploy it once, then it is measured.`);
  for (const profile of profiles) {
    out.line();
    showHost(out, profile);
  }
}

function showHost(out: Output, { hostClass, threads, here, measured, observed, scheduler }: HostProfile): void {
  out.line({ text: hostClass, style: 'cyan' }, `${here ? ' (this host)' : ''}, ${threads} thread${threads === 1 ? '' : 's'}`);
  const network = observed?.rates ? `, ${formatBytes(observed.rates.networkBytesPerRequest)} of tensors a request` : '';
  out.paragraph(`needs     ${duration(scheduler.cpuSecondsPerRequest * 1000)} CPU a request (${basisText(scheduler)}), ${formatBytes(scheduler.memoryBytes)} memory${network}`);
  if (measured) out.paragraph(`load      ${loadText(measured)}`);
  if (measured) out.paragraph(`memory    ${formatBytes(measured.residentBytes)} after loading, at most ${formatBytes(measured.peakBytes)} while loading${observed ? `; at most ${formatBytes(observed.peakBytes)} while serving` : ''}`);
  out.paragraph(`serving   ${servingText(observed)}`);
  if (measured) showTimes(out, measured, threads);
}

const basisText = ({ basis, basisMessage }: HostProfile['scheduler']): string => (basis === 'measured' ? 'measured at load' : basisMessage);

function loadText({ loadMs, measureMs, keptLoadMs, measuredAt }: Measured): string {
  const first = `${formatMs(loadMs)} from start to ready, of which ${formatMs(measureMs)} to measure it on ${formatTime(measuredAt)}`;
  return keptLoadMs === null ? first : `${formatMs(keptLoadMs)} from start to ready; the first time ${first}`;
}

function servingText(observed: HostProfile['observed']): string {
  if (!observed) return 'no request was seen yet';
  if (!observed.rates) return `too little was seen to say more than loading did: ${observed.requests} requests since ${formatTime(observed.since)}`;
  const { cpuSecondsPerItem, runSeconds, serviceVariation, rowsPerRun, itemsPerRequest } = observed.rates;
  return `${observed.requests} requests since ${formatTime(observed.since)}, newer ones first: a run ${duration(runSeconds * 1000)} ± ${Math.round(serviceVariation * 100)} % with ${short(rowsPerRun)} rows, ${duration(cpuSecondsPerItem * 1000)} CPU a row, ${short(itemsPerRequest)} rows a request`;
}

function showTimes(out: Output, { bestBatch, batchable, batchableReason, latencyMsByBatch, cpuMsByBatch, byThreads }: Measured, own: number): void {
  const sizes = Object.keys(latencyMsByBatch).map(Number);
  if (!batchable) out.paragraph(`batches   none: ${batchableReason}`);
  const rows = sizes.map((batch) => timeRow(own, batch, latencyMsByBatch[batch] ?? 0, cpuMsByBatch[batch], batchable && batch === bestBatch));
  const others = byThreads.filter(({ threads }) => threads !== own).map(({ threads, batch, latencyMs, cpuMs }) => timeRow(threads, batch, latencyMs, cpuMs, false));
  if (!rows.length) return;
  out.line();
  out.table(['threads', 'batch', 'a run', 'cpu', 'rows/s', 'cpu a row', ''], [...rows, ...others], { drop: ['cpu'] });
}

const timeRow = (threads: number, batch: number, latencyMs: number, cpuMs: number | undefined, best: boolean) => [
  threads, batch, duration(latencyMs), cpuMs === undefined ? null : duration(cpuMs), latencyMs > 0 ? short((batch / latencyMs) * 1000) : null, cpuMs === undefined ? null : duration(cpuMs / batch), best ? { text: 'best', style: 'green' as const } : '',
];

/** Models from nanoseconds a row to seconds. */
const duration = (milliseconds: number): string => (milliseconds < 1 ? `${short(milliseconds * 1000)} µs` : formatMs(milliseconds));

const short = (value: number): string => (value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3))));
