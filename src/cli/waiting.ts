import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { type ChangeResult, LeptonApiError, type Outcome, outcomeOf, type ServiceStatus } from '../../clients/typescript/src/index.ts';
import { type CliContext, decimalNumber } from './context.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { type Cell, phaseCell } from './output.ts';

const POLL_MS = 200;

export interface ChangeFlags {
  readonly dryRun?: boolean;
  readonly wait: boolean;
  readonly timeout: number;
  readonly reason?: string;
}

/** Options of every command that changes a service. */
export function changeOptions(command: Command, options: { readonly dryRun: boolean } = { dryRun: true }): Command {
  if (options.dryRun) command.option('--dry-run', 'show what would change and change nothing');
  return command
    .option('--no-wait', 'return when the change is accepted, without waiting until it serves')
    .option('--timeout <seconds>', 'longest wait', decimalNumber, 300)
    .option('--reason <text>', 'kept with the revision');
}

export const requestOptions = (flags: ChangeFlags): { dryRun?: boolean; reason?: string } => ({ ...(flags.dryRun ? { dryRun: true } : {}), ...(flags.reason === undefined ? {} : { reason: flags.reason }) });

/** Shows what a change means, waits until it serves, and throws (exit code 6) when it does not. */
export async function finishChange(context: CliContext, result: ChangeResult, flags: ChangeFlags): Promise<void> {
  const { out } = context;
  if (!out.json) showChanges(context, result, flags.dryRun ?? false);
  const settled = flags.dryRun || !flags.wait ? result : await awaitServing(context, result, flags);
  out.result(settled, () => undefined);
  throwUnlessServing(settled);
}

/** A change and, once it was waited for, what came of it. */
export interface SettledChange extends ChangeResult {
  readonly outcome?: Outcome;
}

/** Waits until a change serves or has failed, telling each version's phases meanwhile. */
export async function awaitServing(context: CliContext, result: ChangeResult, flags: ChangeFlags): Promise<SettledChange> {
  const { status, outcome } = await waitFor(context, result, flags.timeout * 1000);
  if (!context.out.json && outcome.state === 'serving') context.out.line({ text: '✔ ', style: 'green' }, `${result.service}: ${outcome.message}`);
  return { ...result, status, outcome };
}

export function throwUnlessServing({ service, outcome }: SettledChange): void {
  if (outcome && outcome.state !== 'serving') throw new CliError(`${service}: ${outcome.message}`, ExitCode.notServing, `lepton-ai status ${service}; lepton-ai logs ${service}`);
}

/** Polls, so that a restart of the control process meanwhile does no harm. */
async function waitFor({ client, out }: CliContext, result: ChangeResult, timeoutMs: number): Promise<{ status: ServiceStatus | null; outcome: Outcome }> {
  const deadline = performance.now() + timeoutMs;
  const seen = new Map<string, string>();
  for (;;) {
    const status = await statusOrGone(client.getService(result.service));
    if (status === null) return { status, outcome: { state: 'serving', message: 'the service is gone' } };
    if (status !== 'unreachable') {
      notePhases(status, seen, out.note.bind(out));
      const outcome = outcomeOf(status, result.revision);
      if (outcome.state !== 'progressing') return { status, outcome };
      if (performance.now() > deadline) return { status, outcome: { state: 'progressing', message: `not serving after ${timeoutMs / 1000} s: ${outcome.message}` } };
    } else if (performance.now() > deadline) throw new CliError('the server cannot be reached any more', ExitCode.unreachable);
    await delay(POLL_MS);
  }
}

async function statusOrGone(status: Promise<ServiceStatus>): Promise<ServiceStatus | null | 'unreachable'> {
  try {
    return await status;
  } catch (error) {
    if (!(error instanceof LeptonApiError)) throw error;
    if (error.code === 'SERVICE_NOT_FOUND') return null;
    if (error.status === 503 || error.status === 0) return 'unreachable';
    throw error;
  }
}

/** One line for each version whose phase is another than before; what is ready from the start is no news. */
function notePhases(status: ServiceStatus, seen: Map<string, string>, note: (...cells: Cell[]) => void): void {
  for (const version of status.versions) {
    const now = `${version.phase} ${version.message}`;
    const before = seen.get(version.version);
    seen.set(version.version, now);
    if (before === now || (before === undefined && version.phase === 'ready' && !version.message)) continue;
    const reason = version.reason.toLowerCase() === version.phase ? '' : ` (${version.reason})`;
    // Why a version that was asked for failed stands in the error that ends the waiting.
    const message = version.message && !(version.desired && version.phase === 'failed') ? `: ${version.message}` : '';
    note({ text: '  · ', style: 'dim' }, `version ${version.version}: `, phaseCell(version.phase), reason, message);
  }
}

/** The changes, `+` new, `-` gone, `~` other. A deployment that is new or gone is one line. */
export function showChanges({ out }: CliContext, result: ChangeResult, dryRun: boolean): void {
  if (result.changes.length === 0) return out.line(`${result.service}: nothing changes (revision ${result.revision})`);
  out.line(`${result.service}: ${dryRun ? 'would become a new revision' : `revision ${result.revision}`}`);
  for (const change of condensed(result.changes)) out.line('  ', sign(change.from, change.to), ` ${change.path}: `, values(change.from, change.to));
}

type Change = ChangeResult['changes'][number];

/** `deployments.v2.…` of a version that comes or goes as the one change `deployments.v2`. */
function condensed(changes: readonly Change[]): Change[] {
  const whole = new Map<string, Change>();
  for (const change of changes) {
    const [, path, version] = /^(deployments\.(.+))\.repository$/.exec(change.path) ?? [];
    if (path && absent(change.from) !== absent(change.to)) whole.set(path, { path, ...(absent(change.from) ? { to: `${change.to}:${version}` } : { from: `${change.from}:${version}` }) });
  }
  const rest = changes.filter(({ path }) => ![...whole.keys()].some((prefix) => path.startsWith(`${prefix}.`)));
  return [...whole.values(), ...rest];
}

const absent = (value: unknown): boolean => value === undefined || value === null;

function sign(from: unknown, to: unknown): Cell {
  if (absent(from)) return { text: '+', style: 'green' };
  return absent(to) ? { text: '-', style: 'red' } : { text: '~', style: 'yellow' };
}

function values(from: unknown, to: unknown): string {
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  if (absent(from)) return text(to);
  return absent(to) ? text(from) : `${text(from)} → ${text(to)}`;
}
