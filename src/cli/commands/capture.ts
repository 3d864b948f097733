import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import type { DriftReport } from '../../../clients/typescript/src/index.ts';
import { parseMilliseconds } from '../../config/index.ts';
import { action, collect, command, wholeNumber } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { readText } from '../files.ts';
import { type Cell, formatBytes } from '../output.ts';

interface StartFlags {
  readonly rate: number;
  readonly version?: readonly string[];
  readonly redact?: readonly string[];
  readonly perSecond?: number;
  readonly tensorBytes?: number;
  readonly for?: number;
}

const start = (): Command =>
  command('start <service>', 'Capture a sample of requests and answers from now on.', ['capture my-service --rate 1%', 'capture start my-service --rate 0.1 --version v2 --redact email --for 1h'])
    .argument('<service>')
    .requiredOption('--rate <share>', 'of the answers: 1% or 0.01', share)
    .option('--version <version>', 'only of this one; may be repeated', collect)
    .option('--redact <tensor>', 'leave the values of this input or output out; may be repeated', collect)
    .option('--per-second <count>', 'most answers a second (default 50)', wholeNumber)
    .option('--tensor-bytes <bytes>', 'longer tensors are noted without values (default 65536)', wholeNumber)
    .option('--for <time>', 'how long, such as 1h; default: until capture stop', seconds)
    .action(
      action<StartFlags>(async (context, [service = ''], { rate, version, redact, perSecond, tensorBytes, for: forSeconds }) => {
        const given = { ...(version && { versions: [...version] }), ...(redact && { redact: [...redact] }), ...(perSecond !== undefined && { perSecondMax: perSecond }), ...(tensorBytes !== undefined && { tensorBytesMax: tensorBytes }), ...(forSeconds !== undefined && { forSeconds }) };
        const rule = await context.client.startCapture(service, { rate, ...given });
        context.out.result(rule, () => context.out.line(`${rule.rate * 100} % of the answers of ${service} are captured${rule.until ? ` until ${rule.until}` : ''}; lepton-ai capture export ${service}:VERSION writes them out`));
      }),
    );

const stop = (): Command =>
  command('stop <service>', 'Capture no more; what is captured stays.', ['capture stop my-service']).argument('<service>').action(
    action(async (context, [service = '']) => {
      await context.client.stopCapture(service);
      context.out.result({ service, captured: false }, () => context.out.line(`answers of ${service} are captured no more`));
    }),
  );

const list = (): Command =>
  command('list', 'What is captured, and how much is there.', ['capture list']).action(
    action(async (context) => {
      const overview = await context.client.captureOverview();
      context.out.result(overview, () => {
        context.out.table(['service', 'rate', 'versions', 'redacted', 'until'], overview.rules.map(({ service, rate, versions, redact, until }): Cell[] => [service, `${rate * 100} %`, versions?.join(', ') ?? 'all', redact.join(', '), until]));
        context.out.table(['captured of', 'bytes'], overview.versions.map(({ service, version, bytes }): Cell[] => [`${service}:${version}`, formatBytes(bytes)]));
        context.out.note({ text: `${overview.captured} captured, ${overview.dropped} left out since the platform started`, style: 'dim' });
      });
    }),
  );

const exportRows = (): Command =>
  command('export <service:version>', 'Write the newest captured requests and answers to a file for pandas (.jsonl) or NumPy (.npz).', ['capture export my-service:v2 -o v2.jsonl', 'capture export my-service:v2 -o v2.npz --limit 1000'])
    .argument('<service:version>')
    .requiredOption('-o, --output <file>', 'ends with .jsonl or .npz')
    .option('--limit <count>', 'the newest so many', wholeNumber, 10_000)
    .action(
      action<{ output: string; limit: number }>(async (context, [name = ''], { output, limit }) => {
        const format = /\.(jsonl|npz)$/.exec(output)?.[1] as 'jsonl' | 'npz' | undefined;
        if (!format) throw new CliError(`${output} ends neither with .jsonl nor with .npz`, ExitCode.usage);
        const { service, version } = placeOf(name);
        const bytes = await context.client.exportCapture(service, version, { format, limit });
        writeFileSync(output, bytes);
        context.out.result({ file: output, bytes: bytes.byteLength }, () => context.out.line(`${output}: ${formatBytes(bytes.byteLength)}`));
      }),
    );

const reference = (): Command =>
  command('reference <service:version>', 'Give a version’s reference for drift, or begin it anew.', ['capture reference my-service:v2 --file training.jsonl', 'capture reference my-service:v2 --reset'])
    .argument('<service:version>')
    .option('--file <file>', 'lines of JSON as capture export writes them')
    .option('--reset', 'the next 1,000 captured answers become the reference')
    .action(
      action<{ file?: string; reset?: boolean }>(async (context, [name = ''], { file, reset = false }) => {
        if ((file === undefined) === !reset) throw new CliError('give either --file or --reset', ExitCode.usage);
        const { service, version } = placeOf(name);
        const result = await context.client.setReference(service, version, file === undefined ? null : readText(file));
        context.out.result(result, () => context.out.line(file === undefined ? 'the next 1,000 captured answers become the reference' : `the reference has ${result.rows} answers`));
      }),
    );

export const captureCommands = (): readonly Command[] => [
  command('capture <service>', 'Sampled requests and answers, as files for pandas and NumPy.', ['capture my-service --rate 1%', 'capture list', 'capture export my-service:v2 -o v2.npz'])
    .addCommand(start(), { isDefault: true }).addCommand(stop()).addCommand(list()).addCommand(exportRows()).addCommand(reference()),
  command('drift <service:version>', 'How far captured inputs and outputs are from the version’s reference.', ['drift my-service:v2', 'drift my-service:v2 --json'])
    .argument('<service:version>')
    .option('--limit <count>', 'newest captured answers that are looked at', wholeNumber, 1000)
    .action(
      action<{ limit: number }>(async (context, [name = ''], { limit }) => {
        const { service, version } = placeOf(name);
        const report = await context.client.drift(service, version, { limit });
        context.out.result(report, () => showDrift(report, context.out));
      }),
    ),
];

const STYLES = { stable: 'green', shifted: 'yellow', drifted: 'red', 'not enough data': 'dim' } as const;

function showDrift({ referenceRows, rows, features, labelMix }: DriftReport, out: Parameters<Parameters<typeof action>[0]>[0]['out']): void {
  out.line(`${rows} captured answers beside a reference of ${referenceRows}${referenceRows ? '' : '; lepton-ai capture SERVICE --rate 10% begins one'}`);
  const shown = (value: number | null): Cell => (value === null ? '-' : value.toFixed(3));
  out.table(['feature', 'verdict', 'psi', 'by chance', 'ks', 'p', 'samples'], features.map((one): Cell[] => [one.feature, { text: one.verdict, style: STYLES[one.verdict] }, shown(one.psi), shown(one.psiByChance), shown(one.ks), shown(one.ksP), `${one.referenceSamples} → ${one.samples}`]));
  if (labelMix.length) out.table(['labels of', 'until', 'mix'], labelMix.map(({ feature, to, samples, labels }): Cell[] => [feature, to, labels.slice(0, 6).map(({ label, count }) => `${label}: ${((100 * count) / Math.max(1, samples)).toFixed(0)} %`).join(', ')]));
}

function placeOf(name: string): { service: string; version: string } {
  const [service, version, ...rest] = name.split(':');
  if (service && version && !rest.length) return { service, version };
  throw new CliError(`${JSON.stringify(name)} is not SERVICE:VERSION`, ExitCode.usage);
}

function share(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text);
  const value = match ? Number(match[1]) / (match[2] ? 100 : 1) : 0;
  if (value > 0 && value <= 1) return value;
  throw new InvalidArgumentError('It must be above 0 and at most 100%, such as 1% or 0.01.');
}

function seconds(text: string): number {
  const milliseconds = parseMilliseconds(text);
  if (milliseconds !== undefined && milliseconds >= 1000) return milliseconds / 1000;
  throw new InvalidArgumentError('It must be a duration such as 10m or 1h.');
}
