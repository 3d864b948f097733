import { Type } from 'typebox';
import { closed, mapOf, nullable, Time } from './common.ts';

const ThreadMeasurement = closed({ threads: Type.Integer(), batch: Type.Integer(), latencyMs: Type.Number(), cpuMs: Type.Number({ description: 'Over all threads.' }) }, { title: 'ThreadMeasurement' });

export const loadProfileFields = {
  loadMs: Type.Number({ description: 'From spawn to ready.' }),
  measureMs: Type.Number({ description: 'Of these, what measuring took.' }),
  origin: Type.Enum(['measured', 'kept'], { description: 'kept: an earlier start on this class of host had measured; only load, check and memory are this start’s own.' }),
  batchable: Type.Boolean(),
  batchableReason: Type.String(),
  bestBatch: Type.Integer(),
  latencyMsByBatch: mapOf(Type.Number(), 'Median milliseconds of a run by batch size.'),
  cpuMsByBatch: mapOf(Type.Number(), 'CPU milliseconds of a run, over all threads, by batch size.'),
  byThreads: Type.Array(ThreadMeasurement, { description: 'A single row and the best batch with each number of threads that was tried.' }),
  check: Type.Enum(['known-answer', 'smoke', 'inconclusive']),
  checkMessage: Type.String(),
  residentBytes: Type.Number(),
  peakBytes: Type.Number({ description: 'Most memory in RAM up to then.' }),
};

/** What the scheduler reckons with for one replica. */
export const EstimatedProfile = closed(
  {
    cpuSecondsPerRequest: Type.Number({ description: 'At the batch size that it is served with.' }),
    serviceVariation: Type.Number({ description: 'Standard deviation of the service time by its mean.' }),
    memoryBytes: Type.Number({ description: 'The highest that is known.' }),
    storageBytes: Type.Number({ description: 'Of its files, each content counted once.' }),
    networkBytesPerRequest: Type.Number({ description: 'Tensors of a request and its answer.' }),
    loadSeconds: Type.Number({ description: 'From start to ready, without measuring.' }),
    gpus: Type.Number(),
    basis: Type.Enum(['observed', 'measured', 'elsewhere', 'guess'], { description: 'What the CPU figure rests on: what serving was seen to cost; what was measured at load; either, on another class of host or with other threads; the size of the files.' }),
    basisMessage: Type.String(),
  },
  { title: 'EstimatedProfile', description: 'What one replica needs, and how far to trust it.' },
);

const ObservedRates = closed(
  {
    cpuSecondsPerRequest: Type.Number(),
    cpuSecondsPerItem: Type.Number({ description: 'By row.' }),
    itemsPerRequest: Type.Number(),
    runSeconds: Type.Number({ description: 'Mean of a run.' }),
    serviceVariation: Type.Number({ description: 'Standard deviation of a run by its mean.' }),
    rowsPerRun: Type.Number(),
    requestsPerRun: Type.Number(),
    networkBytesPerRequest: Type.Number(),
  },
  { title: 'ObservedRates', description: 'What serving was seen to cost, newer requests first.' },
);

const HostProfile = closed(
  {
    hostClass: Type.String({ description: 'CPU model, cores, GiB, and a hash that holds the platform’s release too.' }),
    threads: Type.Integer(),
    here: Type.Boolean({ description: 'The class of this platform’s own host.' }),
    measured: nullable(
      closed({ ...loadProfileFields, measuredAt: Time, keptLoadMs: nullable(Type.Number(), 'From spawn to ready of the newest start that had nothing to measure.') }, { title: 'MeasuredProfile' }),
      'At load; null: never on this class of host.',
    ),
    observed: nullable(closed({ since: Time, updatedAt: Time, requests: Type.Integer(), peakBytes: Type.Number(), rates: nullable(ObservedRates, 'null: too little was seen.') }, { title: 'ObservedProfile' }), 'null: no request was answered yet.'),
    scheduler: EstimatedProfile,
  },
  { title: 'HostProfile', description: 'What is known of a version on one class of host with one number of threads.' },
);

export const VersionProfiles = closed(
  {
    digest: Type.String(),
    hostClass: Type.String({ description: 'Of this platform’s own host.' }),
    storageBytes: Type.Number({ description: 'Of its files, each content counted once.' }),
    profiles: Type.Array(HostProfile, { description: 'This class of host first; empty: it has never run.' }),
  },
  { title: 'VersionProfiles' },
);
