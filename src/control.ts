import { writeSync } from 'node:fs';
import { type PlatformConfig, standBack } from './config/index.ts';
import { asLeptonError, LeptonError } from './core/index.ts';
import { createPlatform, type Platform } from './platform.ts';
import { PLATFORM_VERSION } from './version.ts';

/** Where the start banner and complaints go. */
export interface ControlOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const CONSOLE: ControlOutput = {
  out: (text) => say(1, text),
  err: (text) => say(2, text),
};

/** What nobody takes (a full disk, a closed terminal) is no reason to end. */
function say(descriptor: number, text: string): void {
  try {
    writeSync(descriptor, text);
  } catch {}
}

/** Why a start ended that a signal interrupted. */
const ASKED_TO_STOP = new LeptonError('SHUTTING_DOWN', 'asked to stop during the start');
/** Longest wait for services before the word `ready`. */
const LOAD_WAIT_MS = 60_000;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/**
 * `lepton-ai serve`: runs the platform until SIGTERM or SIGINT, then stops it gracefully; a second signal ends it at
 * once, both also during the start. Resolves with the exit code: 0 after a stop that was asked for, 2 for a setting that can't be used, else 1.
 */
export async function runControl(config: PlatformConfig, output: ControlOutput = CONSOLE): Promise<number> {
  const signals = new SignalQueue();
  const [stop, now] = [new AbortController(), new AbortController()];
  const first = signals.next().then((signal) => {
    output.out(`${signal}: stopping; requests in flight have ${config.shutdownGraceMs} ms (again to stop at once)\n`);
    stop.abort(ASKED_TO_STOP);
  });
  const second = first.then(() => signals.next()).then(() => now.abort(ASKED_TO_STOP));
  try {
    standBack();
    const platform = await createPlatform(config, { stop: stop.signal, now: now.signal }, 'control');
    await printBanner(platform, output);
    await Promise.race([first, untilLoaded(platform)]);
    platform.engine.declareReady();
    if (!stop.signal.aborted) output.out(`${await readiness(platform)}\n`);
    await first;
    await Promise.race([platform.stop({ graceMs: config.shutdownGraceMs }), second.then(() => platform.stop({ graceMs: 0 }))]);
    output.out('stopped\n');
    return 0;
  } catch (error) {
    if (error === ASKED_TO_STOP) {
      output.out('stopped\n');
      return 0;
    }
    const { code, message } = asLeptonError(error);
    output.err(`error: ${message}\n`);
    return code === 'INVALID_ARGUMENT' ? EXIT_USAGE : EXIT_FAILED;
  } finally {
    signals.close();
  }
}

/** Signals in order, also those that come before somebody waits: a stop asked for during the start is not lost. */
class SignalQueue {
  readonly #arrived: NodeJS.Signals[] = [];
  #waiter: ((signal: NodeJS.Signals) => void) | null = null;
  readonly #listener = (signal: NodeJS.Signals): void => {
    const waiter = this.#waiter;
    this.#waiter = null;
    if (waiter) waiter(signal);
    else this.#arrived.push(signal);
  };

  constructor() {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, this.#listener);
  }

  next(): Promise<NodeJS.Signals> {
    const arrived = this.#arrived.shift();
    return arrived ? Promise.resolve(arrived) : new Promise((resolve) => (this.#waiter = resolve));
  }

  close(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, this.#listener);
  }
}

async function printBanner({ status, engine, repository, imported }: Platform, { out, err }: ControlOutput): Promise<void> {
  const { httpUrl, grpcAddress, dataDirectory, database } = status();
  const services = await engine.listServices();
  const stored = await repository.count();
  const deployed = services.reduce((sum, service) => sum + service.spec.deployments.length, 0);
  out(`Lepton AI ${PLATFORM_VERSION}\n`);
  out(`  inference   ${httpUrl}/v2${grpcAddress ? `   gRPC ${grpcAddress}` : ''}\n`);
  out(`  management  ${httpUrl}/api/v1   metrics ${httpUrl}/metrics\n`);
  out(`  data        ${dataDirectory} (${database})\n`);
  out(`  serving     ${count(services.length, 'service')} with ${count(deployed, 'version')}; ${count(stored.repositories, 'repository', 'repositories')} with ${count(stored.versions, 'version')}\n`);
  for (const model of imported?.models ?? []) out(`  imported    ${model.name}: ${model.versions.map(({ version, outcome }) => (outcome === 'failed' ? `${version} (failed)` : version)).join(', ')}\n`);
  for (const problem of [...(imported?.problems ?? []), ...(imported?.warnings ?? [])]) err(`warning: ${printable(problem)}\n`);
}

/** Versions load after the platform has begun to answer; who waits for the word wants them too. Bounded: a slow one is named. */
async function untilLoaded({ engine }: Platform): Promise<void> {
  const services = await engine.listServices();
  await Promise.all(services.map(({ name, revision }) => engine.waitSettled(name, revision, LOAD_WAIT_MS).catch(() => undefined)));
}

async function readiness({ engine }: Platform): Promise<string> {
  const services = await engine.listServices();
  const waiting = services.filter(({ conditions }) => !conditions.some(({ type, status, reason }) => type === 'Ready' && (status || reason === 'AllVersionsResting'))).map(({ name }) => name);
  return waiting.length ? `ready: ${services.length - waiting.length} of ${count(services.length, 'service')}; not yet: ${waiting.slice(0, 10).join(', ')} (see lepton-ai status)` : 'ready';
}

const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`;

/** Names of files come from outside: no control characters reach the terminal. */
const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
