import { dirname, resolve } from 'node:path';
import Papa from 'papaparse';
import type { SchedulerNode, VersionProfile } from '../deployment-engine/scheduler/index.ts';
import { type ArrivalPattern, madeVersions, type SimulatedService, type SimulatedVersion, type Trace } from '../simulation/index.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { readText } from './files.ts';
import { profileFrom, type ProfileSource } from './profile-source.ts';
import { readYaml, type YamlValue } from './yaml-file.ts';

const MAX = 1e12;
const [KIB, MIB, GIB] = [2 ** 10, 2 ** 20, 2 ** 30] as const;
const NODES_MAX = 1000;
const VERSIONS_MAX = 10_000;
const TICKS_MAX = 1_000_000;

export interface TraceOptions {
  /** In place of the file's own. */
  readonly seed?: number | undefined;
  /** Of versions that name theirs, by that name. */
  readonly profiles?: ReadonlyMap<string, ProfileSource>;
}

/** A trace of YAML, such as examples/simulation/digits.yaml. */
export function readTrace(path: string, { seed: seedGiven, profiles = new Map() }: TraceOptions = {}): Trace {
  const file = readYaml(path).object(['name', 'seed', 'durationSeconds', 'tickSeconds', 'planSeconds', 'timeoutSeconds', 'costs', 'nodes', 'versions', 'made', 'services', 'recorded']);
  const seed = seedGiven ?? file.seed.integer(0, 2 ** 31, 1);
  const durationSeconds = file.durationSeconds.number(1, 366 * 86_400);
  const tickSeconds = file.tickSeconds.number(0.01, 3600, 1);
  if (durationSeconds / tickSeconds > TICKS_MAX) file.tickSeconds.refuse(`at least ${durationSeconds / TICKS_MAX} for ${durationSeconds} s, since a simulation has at most ${TICKS_MAX} ticks`);
  const nodes = file.nodes.list(1, NODES_MAX).flatMap(readNodes);
  if (nodes.length > NODES_MAX) file.nodes.refuse(`at most ${NODES_MAX} nodes`);
  const recorded = file.recorded.given ? readRecorded(resolve(dirname(path), file.recorded.text()), tickSeconds) : new Map<string, ArrivalPattern>();
  const versions = [...(file.versions.given ? file.versions.list(0, VERSIONS_MAX).map((value) => readVersion(value, recorded, profiles)) : []), ...(file.made.given ? readMade(file.made, nodes, seed) : [])];
  if (versions.length === 0) file.versions.refuse('versions, or `made` with how many to make up');
  const costs = file.costs.given ? file.costs.object(['coreHour', 'gibHour']) : null;
  return {
    name: file.name.text(path.split('/').at(-1) ?? path),
    seed,
    durationSeconds,
    tickSeconds,
    planSeconds: file.planSeconds.number(tickSeconds, 86_400, Math.max(tickSeconds, 15)),
    timeoutSeconds: file.timeoutSeconds.number(0.001, 86_400, 30),
    costs: { coreHour: costs?.coreHour.number(0, MAX, 1) ?? 1, gibHour: costs?.gibHour.number(0, MAX, 0.1) ?? 0.1 },
    nodes,
    versions,
    services: file.services.given ? file.services.list(0, VERSIONS_MAX).map((value) => readService(value, recorded)) : [],
  };
}

function readNodes(value: YamlValue): SchedulerNode[] {
  const { name, count, cpus, memoryGib, storageGib, networkMBps, gpus, labels } = value.object(['name', 'count', 'cpus', 'memoryGib', 'storageGib', 'networkMBps', 'gpus', 'labels']);
  const base = name.text('node');
  const many = count.integer(1, NODES_MAX, 1);
  const node = {
    cpus: cpus.number(0.01, 1e5),
    memoryBytes: memoryGib.number(0, 1e6) * GIB,
    storageBytes: storageGib.given ? storageGib.number(0, 1e9) * GIB : Number.POSITIVE_INFINITY,
    networkBytesPerSecond: networkMBps.given ? networkMBps.number(0, 1e9) * 1e6 : Number.POSITIVE_INFINITY,
    gpus: gpus.integer(0, 1000, 0),
    labels: readLabels(labels),
  };
  return Array.from({ length: many }, (_, index) => ({ name: count.given ? `${base}-${index + 1}` : base, ...node }));
}

const readLabels = (value: YamlValue): Record<string, string> => (value.given ? Object.fromEntries(value.entries().map(([key, one]) => [key, one.text()])) : {});

function readVersion(value: YamlValue, recorded: ReadonlyMap<string, ArrivalPattern>, profiles: ReadonlyMap<string, ProfileSource>): SimulatedVersion {
  const fields = value.object(['id', 'priority', 'quality', 'profile', 'replicas', 'threads', 'cpusMin', 'servedMin', 'latency', 'placement', 'apartFrom', 'arrivals']);
  const id = fields.id.text();
  const threads = fields.threads.number(0.01, 1e4, 1);
  const replicas = fields.replicas.given ? fields.replicas.object(['min', 'max']) : null;
  const latency = fields.latency.given ? fields.latency.object(['ms', 'quantile']) : null;
  const max = replicas?.max.integer(0, 1e6, 1000) ?? 1000;
  return {
    id,
    priority: fields.priority.number(1e-9, MAX, 1),
    quality: fields.quality.number(1e-9, MAX, 1),
    profile: readProfile(fields.profile, threads, profiles),
    replicas: { min: replicas?.min.integer(0, max, 0) ?? 0, max },
    threads,
    cpusMin: fields.cpusMin.number(0, 1e6, 0),
    servedMin: fields.servedMin.number(0, 1, 0),
    latency: latency && { seconds: latency.ms.number(1e-3, 1e9) / 1000, quantile: latency.quantile.number(0.01, 0.99999, 0.99) },
    placement: readLabels(fields.placement),
    apartFrom: fields.apartFrom.given ? fields.apartFrom.list(0).map((one) => one.text()) : [],
    arrivals: fields.arrivals.given ? readPattern(fields.arrivals) : (recorded.get(id) ?? null),
  };
}

/** Numbers, or the name of a version or file that has them. */
function readProfile(value: YamlValue, threads: number, profiles: ReadonlyMap<string, ProfileSource>): VersionProfile {
  const named = typeof value.value === 'string' ? profiles.get(value.value) : undefined;
  if (named) return profileFrom(named, threads);
  const profile = value.object(['cpuMs', 'variation', 'memoryMib', 'storageMib', 'networkKib', 'loadSeconds', 'gpus']);
  return {
    cpuSecondsPerRequest: profile.cpuMs.number(1e-6, 1e9) / 1000,
    serviceVariation: profile.variation.number(0, 100, 0),
    memoryBytes: profile.memoryMib.number(0, 1e9) * MIB,
    storageBytes: profile.storageMib.number(0, 1e9, 0) * MIB,
    networkBytesPerRequest: profile.networkKib.number(0, 1e9, 0) * KIB,
    loadSeconds: profile.loadSeconds.number(0, 86_400, 1),
    gpus: profile.gpus.integer(0, 1000, 0),
  };
}

function readService(value: YamlValue, recorded: ReadonlyMap<string, ArrivalPattern>): SimulatedService {
  const { name: given, arrivals, ranges } = value.object(['name', 'arrivals', 'ranges']);
  const name = given.text();
  return {
    name,
    arrivals: arrivals.given ? readPattern(arrivals) : (recorded.get(name) ?? arrivals.refuse(`a pattern, or rows of ${name} in the recorded file`)),
    ranges: Object.fromEntries(ranges.entries().map(([id, one]) => {
      const { min, max } = one.object(['min', 'max']);
      const most = max.number(0, 1, 1);
      return [id, { min: min.number(0, most, 0), max: most }];
    })),
  };
}

function readPattern(value: YamlValue): ArrivalPattern {
  const fields = value.object(['pattern', 'rate', 'burstRate', 'everySeconds', 'lengthSeconds', 'swing', 'peakHour', 'atSeconds', 'factor']);
  const kind = fields.pattern.choice(['poisson', 'bursts', 'day', 'step'], 'poisson');
  const rate = fields.rate.number(0, MAX);
  switch (kind) {
    case 'poisson':
      return { kind, rate };
    case 'bursts':
      return { kind, rate, burstRate: fields.burstRate.number(0, MAX), everySeconds: fields.everySeconds.number(0.001, MAX), lengthSeconds: fields.lengthSeconds.number(0.001, MAX) };
    case 'day':
      return { kind, rate, swing: fields.swing.number(0, 1, 0.8), peakHour: fields.peakHour.number(0, 24, 14) };
    case 'step':
      return { kind, rate, atSeconds: fields.atSeconds.number(0, MAX), factor: fields.factor.number(0, 1e6) };
  }
}

function readMade(value: YamlValue, nodes: readonly SchedulerNode[], seed: number): readonly SimulatedVersion[] {
  const { versions, load, memory, pattern } = value.object(['versions', 'load', 'memory', 'pattern']);
  return madeVersions({ count: versions.integer(1, VERSIONS_MAX), load: load.number(0.001, 100, 0.6), memory: memory.number(0.001, 100, 0.5), pattern: pattern.choice(['poisson', 'bursts', 'day', 'mixed'], 'mixed'), seed }, nodes);
}

/** CSV of `seconds,version,requests`, by version or service. */
function readRecorded(path: string, tickSeconds: number): ReadonlyMap<string, ArrivalPattern> {
  const { data } = Papa.parse<Record<string, string>>(readText(path), { header: true, skipEmptyLines: true });
  const counts = new Map<string, Map<number, number>>();
  data.forEach((row, index) => {
    const [seconds, requests, version] = [Number(row['seconds']), Number(row['requests'] ?? 1), row['version']];
    if (!version || !(seconds >= 0) || !(requests >= 0) || row['seconds'] === '') throw new CliError(`${path}: row ${index + 1} is ${JSON.stringify(row).slice(0, 120)}, which must have seconds ≥ 0, a version or service, and requests ≥ 0`, ExitCode.usage);
    const own = counts.get(version) ?? new Map<number, number>();
    const tick = Math.floor(seconds / tickSeconds);
    counts.set(version, own.set(tick, (own.get(tick) ?? 0) + requests));
  });
  return new Map([...counts].map(([name, own]) => [name, { kind: 'recorded', counts: own }]));
}
