import { machine } from 'node:os';
import { isAbsolute } from 'node:path';
import { stat, utimes } from 'node:fs/promises';
import { asLeptonError, type Digest, environmentDigest, type EnvironmentInfo, type EnvironmentSpec, type EventSink, LeptonError, Places } from '../../../../core/index.ts';
import { findBuilders } from './base-interpreter.ts';
import { build } from './build.ts';
import { breakStaleLock, releaseLock } from './build-lock.ts';
import { identify, type InterpreterLook, lookAt } from './inspect-interpreter.ts';
import { EnvironmentFiles } from './layout.ts';
import { type BuildVoice, SharedBuild, type Waiter } from './shared-build.ts';

export interface EnvironmentsOptions {
  /** Made if need be; of this process alone. */
  readonly directory: string;
  readonly events: EventSink;
  readonly buildTimeoutMs: number;
  /** Builds at once. */
  readonly buildsMax: number;
}

/** A Python to start a worker with. */
export interface Interpreter {
  readonly interpreter: string;
  /** Made by us: packages of the user's home are none of its business. */
  readonly isolated: boolean;
  /** See `InterpreterLook`. */
  readonly places: readonly string[];
  readonly userBase: string;
}

/** What versions need. */
export interface NeededEnvironment {
  readonly spec: EnvironmentSpec;
  readonly versions: readonly string[];
}

export interface EnvironmentsGcReport {
  readonly removedEnvironments: number;
  readonly removedEnvironmentBytes: number;
  readonly keptEnvironments: number;
}

const REGISTRATIONS_MAX = 1_000;
const GC_GRACE_MS = 60 * 60 * 1000;
const NEVER = new AbortController().signal;

/**
 * The Pythons of this host's versions, by digest of what they need:
 *
 *   registered interpreter has it all? ─▶ that one
 *   built, and still whole?            ─▶ that one
 *   otherwise                          ─▶ built, once for all who wait, a few at a time
 */
export class Environments {
  readonly #files: EnvironmentFiles;
  readonly #options: EnvironmentsOptions;
  readonly #places: Places;
  readonly #builds = new Map<Digest, SharedBuild>();
  readonly #failures = new Map<Digest, string>();
  readonly #platform = `${process.platform}-${machine()}`;

  constructor(options: EnvironmentsOptions) {
    this.#options = options;
    this.#files = new EnvironmentFiles(options.directory);
    this.#places = new Places(options.buildsMax);
  }

  digestOf(spec: EnvironmentSpec): Digest {
    return environmentDigest(spec, this.#platform);
  }

  /** Ends what builds an earlier control process left running, and takes away what they had. Before anything else. */
  async recover(): Promise<void> {
    for (const digest of await this.#files.list()) {
      await breakStaleLock(this.#files.lockOf(digest));
      if (!(await this.#files.marker(digest))) await this.#files.discard(digest);
      await this.#files.removeOrder(digest);
    }
    void this.#files.sweepTrash().catch(() => undefined);
  }

  /** An interpreter that has what is needed, now. Rejects with the reason in the words of what failed, or when the waiter leaves. */
  async interpreterFor(spec: EnvironmentSpec, waiter: Waiter): Promise<Interpreter> {
    const digest = this.digestOf(spec);
    const found = (await this.#adopted(digest, spec, waiter)) ?? (await this.#built(digest, spec, waiter));
    if (found) return found;
    await this.#buildOf(digest, spec).join(waiter);
    const interpreter = this.#files.interpreterOf(digest);
    return { interpreter, isolated: true, ...placesOf(await lookAt(interpreter, spec, waiter.signal)) };
  }

  /** The registered interpreter, if it has everything at this moment: it is not ours, and may have changed since. */
  async #adopted(digest: Digest, spec: EnvironmentSpec, { output, signal }: Waiter): Promise<Interpreter | null> {
    const registration = await this.#files.registration(digest);
    if (!registration) return null;
    const look = await lookAt(registration.interpreter, spec, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      return unusable(error);
    });
    if (!look.missing.length) return { interpreter: registration.interpreter, isolated: false, ...placesOf(look) };
    output(`the registered interpreter ${registration.interpreter} is not used: ${look.missing.join('; ')}\n`);
    return null;
  }

  async #built(digest: Digest, spec: EnvironmentSpec, { output, signal }: Waiter): Promise<Interpreter | null> {
    if (this.#builds.has(digest) || !(await this.#files.marker(digest))) return null;
    const interpreter = this.#files.interpreterOf(digest);
    const look = await lookAt(interpreter, spec, signal).catch((error: unknown) => {
      // What is slow is not broken.
      if (asLeptonError(error).code !== 'UNSUPPORTED') throw error;
      return unusable(error);
    });
    if (look.missing.length) {
      output(`the environment ${digest} is built again: ${look.missing.join('; ')}\n`);
      return null;
    }
    const now = new Date();
    await utimes(this.#files.markerOf(digest), now, now);
    return { interpreter, isolated: true, ...placesOf(look) };
  }

  /** The build under way, or a new one. */
  #buildOf(digest: Digest, spec: EnvironmentSpec): SharedBuild {
    const running = this.#builds.get(digest);
    if (running && !running.cancelled) return running;
    const after = running?.ended.catch(() => undefined);
    const shared: SharedBuild = new SharedBuild(async (voice) => {
      try {
        await after;
        if (this.#places.full) voice.progress('waiting for other environments to be built');
        await this.#places.within(() => this.#build(digest, spec, voice), voice.signal);
        this.#failures.delete(digest);
      } catch (error) {
        if (!voice.signal.aborted) this.#failures.set(digest, asLeptonError(error).message);
        throw error;
      } finally {
        if (this.#builds.get(digest) === shared) this.#builds.delete(digest);
      }
    });
    this.#builds.set(digest, shared);
    return shared;
  }

  async #build(digest: Digest, spec: EnvironmentSpec, voice: BuildVoice): Promise<void> {
    const { buildTimeoutMs, events } = this.#options;
    const files = this.#files;
    const timeout = AbortSignal.timeout(buildTimeoutMs);
    const signal = AbortSignal.any([voice.signal, timeout]);
    const started = performance.now();
    try {
      await breakStaleLock(files.lockOf(digest));
      const registered = await files.registration(digest);
      const builders = await findBuilders(spec.python, registered?.interpreter ?? null, signal);
      await build({ digest, spec, builders, files, output: voice.output, progress: voice.progress, signal });
      events.record({ severity: 'info', reason: 'EnvironmentBuilt', message: `environment ${digest} (Python ${spec.python}, ${spec.requirements.length} packages) built in ${Math.round((performance.now() - started) / 1000)} s`, actor: 'engine' });
    } catch (error) {
      await files.remove(digest);
      throw timeout.aborted && !voice.signal.aborted ? new LeptonError('UNSUPPORTED', `building the environment took longer than ${buildTimeoutMs} ms and was ended; raise it with environmentBuildTimeoutMs (serve --environment-build-timeout)`) : error;
    } finally {
      await files.removeOrder(digest);
      releaseLock(files.lockOf(digest));
    }
  }

  /** Names an interpreter of this machine for an environment. PRECONDITION_FAILED if it does not run as a Python. */
  async register(digest: Digest, interpreter: string, by: string): Promise<{ readonly digest: Digest; readonly interpreter: string; readonly python: string }> {
    if (!isAbsolute(interpreter) || /[\0\n]/.test(interpreter)) throw new LeptonError('INVALID_ARGUMENT', `interpreter ${JSON.stringify(interpreter.slice(0, 200))} must be an absolute path on the server's machine`);
    const { python } = await identify(interpreter, NEVER).catch((error: unknown) => {
      throw new LeptonError('PRECONDITION_FAILED', asLeptonError(error).message, { cause: error });
    });
    const known = await this.#files.list();
    if (!known.includes(digest) && known.length >= REGISTRATIONS_MAX) throw new LeptonError('PRECONDITION_FAILED', `there are ${known.length} environments already; remove those that nobody needs with \`lepton-ai gc\``);
    await this.#files.register(digest, { interpreter, by, at: new Date().toISOString() });
    this.#options.events.record({ severity: 'info', reason: 'InterpreterRegistered', message: `${interpreter} (Python ${python}) is offered for the environment ${digest}`, actor: by });
    return { digest, interpreter, python };
  }

  /** What versions need, and what is here that none needs. */
  async list(needed: readonly NeededEnvironment[]): Promise<EnvironmentInfo[]> {
    const wanted = new Map(needed.map((one) => [this.digestOf(one.spec), one]));
    const digests = new Set([...wanted.keys(), ...(await this.#files.list())]);
    return Promise.all([...digests].sort().map((digest) => this.#describe(digest, wanted.get(digest))));
  }

  async #describe(digest: Digest, needed: NeededEnvironment | undefined): Promise<EnvironmentInfo> {
    const [marker, registration] = await Promise.all([this.#files.marker(digest), this.#files.registration(digest)]);
    const building = this.#builds.get(digest);
    const failure = this.#failures.get(digest);
    const { python = '', requirements = [] } = needed?.spec ?? marker ?? {};
    const used = marker && (await stat(this.#files.markerOf(digest)).catch(() => null));
    return {
      digest, python, requirements,
      state: building ? 'building' : marker ? 'built' : registration && !failure ? 'adopted' : failure ? 'failed' : 'absent',
      message: building?.message ?? (marker ? '' : (failure ?? '')),
      interpreter: registration?.interpreter ?? null,
      sizeBytes: marker?.sizeBytes ?? 0,
      versions: needed?.versions ?? [],
      usedAt: used ? used.mtime.toISOString() : null,
    };
  }

  /** Removes what no version needs and nobody has used within the grace time. */
  async gc(needed: readonly NeededEnvironment[], { dryRun = false, graceMs = GC_GRACE_MS }: { dryRun?: boolean; graceMs?: number } = {}): Promise<EnvironmentsGcReport> {
    const keep = new Set(needed.map(({ spec }) => this.digestOf(spec)));
    const before = Date.now() - graceMs;
    let [removedEnvironments, removedEnvironmentBytes, keptEnvironments] = [0, 0, 0];
    for (const digest of await this.#files.list()) {
      const age = await this.#files.touchedAtMs(digest);
      if (keep.has(digest) || this.#builds.has(digest) || age > before) {
        keptEnvironments++;
        continue;
      }
      removedEnvironments++;
      removedEnvironmentBytes += (await this.#files.marker(digest))?.sizeBytes ?? 0;
      if (!dryRun) await this.#files.removeAll(digest);
    }
    if (!dryRun) await this.#files.sweepTrash();
    return { removedEnvironments, removedEnvironmentBytes, keptEnvironments };
  }
}

const unusable = (error: unknown): InterpreterLook => ({ missing: [asLeptonError(error).message], places: [], userBase: '' });
const placesOf = ({ places, userBase }: InterpreterLook): Pick<Interpreter, 'places' | 'userBase'> => ({ places, userBase });
