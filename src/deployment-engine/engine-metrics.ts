import { Gauge, Registry } from 'prom-client';
import type { ColdStarts, MemoryBudget } from './residency/index.ts';
import type { ServiceState, Replica } from './state.ts';
import type { WorkerUsage } from './targets/index.ts';

/** Control's own metrics: name, type, labels and help, for registration and for docs/reference. */
export const CONTROL_METRICS = [
  { name: 'lepton_replicas', type: 'gauge', labels: ['service', 'version', 'phase'], help: 'Replicas by phase; ended ones are not counted.' },
  { name: 'lepton_worker_cpu_seconds_total', type: 'counter', labels: ['service', 'version', 'replica'], help: 'User and system CPU seconds of a worker since its start.' },
  { name: 'lepton_worker_resident_memory_bytes', type: 'gauge', labels: ['service', 'version', 'replica'], help: 'Memory of a worker that is in RAM.' },
  { name: 'lepton_worker_throttled_seconds_total', type: 'counter', labels: ['service', 'version', 'replica'], help: 'Seconds that a worker had work and waited for its CPU quota.' },
  { name: 'lepton_worker_memory_peak_bytes', type: 'gauge', labels: ['service', 'version', 'replica'], help: 'The most memory that was charged to a worker.' },
  { name: 'lepton_worker_threads', type: 'gauge', labels: ['service', 'version', 'replica'], help: 'Threads of a worker, over all its processes.' },
  { name: 'lepton_worker_processes', type: 'gauge', labels: ['service', 'version', 'replica'], help: 'Processes of a worker.' },
  { name: 'lepton_out_of_memory_total', type: 'counter', labels: ['service', 'version'], help: 'Replicas that ended for want of memory, since control started.' },
  { name: 'lepton_worker_storage_bytes', type: 'gauge', labels: ['service', 'version', 'replica'], help: 'Temporary files and caches of a worker.' },
  { name: 'lepton_worker_network_receive_bytes_total', type: 'counter', labels: ['service', 'version', 'replica'], help: 'Received by a worker that has a network namespace of its own; one with the machine\'s network is not counted.' },
  { name: 'lepton_worker_network_transmit_bytes_total', type: 'counter', labels: ['service', 'version', 'replica'], help: 'Sent by such a worker.' },
  { name: 'lepton_replica_restarts_total', type: 'counter', labels: ['service', 'version'], help: 'Replicas started in the place of ones that failed, since control started.' },
  { name: 'lepton_cold_starts_total', type: 'counter', labels: ['service', 'version'], help: 'Loads of versions that were asleep, since control started.' },
  { name: 'lepton_cold_start_seconds_total', type: 'counter', labels: ['service', 'version'], help: 'How long such versions took from the wake to their first replica, in all.' },
  { name: 'lepton_memory_budget_bytes', type: 'gauge', labels: [], help: 'Memory that all workers may have together.' },
  { name: 'lepton_memory_held_bytes', type: 'gauge', labels: [], help: 'What replicas that are there are reckoned with, of the budget.' },
  { name: 'lepton_memory_waiting', type: 'gauge', labels: [], help: 'Replicas whose start waits for memory.' },
  { name: 'lepton_service_revision', type: 'gauge', labels: ['service'], help: 'Newest revision asked for.' },
  { name: 'lepton_service_serving_revision', type: 'gauge', labels: ['service'], help: 'Revision whose traffic policy is in force; 0 before the first.' },
  { name: 'lepton_service_condition', type: 'gauge', labels: ['service', 'condition'], help: '1 while a condition (Ready, Progressing, Degraded) holds, 0 while not.' },
] as const satisfies readonly { name: string; type: 'gauge' | 'counter'; labels: readonly string[]; help: string }[];

type MetricName = (typeof CONTROL_METRICS)[number]['name'];
type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

export interface MetricsDependencies {
  readonly services: ReadonlyMap<string, ServiceState>;
  readonly replicas: () => readonly Replica[];
  readonly coldStarts: () => Iterable<ColdStarts>;
  readonly memory: Pick<MemoryBudget, 'budgetBytes' | 'heldBytes' | 'waiting'>;
}

/** Values are read when they are asked for, so series of what is gone disappear by themselves. */
export class EngineMetrics {
  readonly #registry = new Registry();

  constructor(dependencies: MetricsDependencies) {
    for (const metric of CONTROL_METRICS) {
      // Totals come from elsewhere (the kernel, the engine's state) and are set, not counted up here.
      const gauge = new Gauge({
        name: metric.name, help: metric.help, labelNames: [...metric.labels], registers: [this.#registry],
        collect() {
          this.reset();
          for (const [labels, value] of SAMPLES[metric.name](dependencies)) this.set(labels, value);
        },
      });
      void gauge;
    }
  }

  /** Prometheus' text format. */
  async text(): Promise<string> {
    const counters = CONTROL_METRICS.filter((metric) => metric.type === 'counter').map((metric) => metric.name);
    const text = await this.#registry.metrics();
    return counters.reduce((all, name) => all.replace(`# TYPE ${name} gauge`, `# TYPE ${name} counter`), text);
  }
}

const SAMPLES: Readonly<Record<MetricName, (dependencies: MetricsDependencies) => Sample[]>> = {
  lepton_replicas: ({ replicas }) => countReplicas(replicas()),
  lepton_worker_cpu_seconds_total: ({ replicas }) => replicas().flatMap((replica) => (replica.usage ? [[identity(replica), replica.usage.cpuSeconds] as const] : [])),
  lepton_worker_resident_memory_bytes: ({ replicas }) => replicas().flatMap((replica) => (replica.usage ? [[identity(replica), replica.usage.residentBytes] as const] : [])),
  lepton_worker_throttled_seconds_total: ({ replicas }) => counted(replicas(), 'throttledSeconds'),
  lepton_worker_memory_peak_bytes: ({ replicas }) => counted(replicas(), 'memoryPeakBytes'),
  lepton_worker_threads: ({ replicas }) => counted(replicas(), 'threads'),
  lepton_worker_processes: ({ replicas }) => counted(replicas(), 'processes'),
  lepton_worker_storage_bytes: ({ replicas }) => counted(replicas(), 'storageBytes'),
  lepton_worker_network_receive_bytes_total: ({ replicas }) => counted(replicas(), 'networkReceivedBytes'),
  lepton_worker_network_transmit_bytes_total: ({ replicas }) => counted(replicas(), 'networkSentBytes'),
  lepton_replica_restarts_total: ({ services }) => byVersion(services, 'restarts'),
  lepton_out_of_memory_total: ({ services }) => byVersion(services, 'outOfMemory'),
  lepton_cold_starts_total: ({ coldStarts }) => [...coldStarts()].map(({ service, version, count }) => [{ service, version }, count] as const),
  lepton_cold_start_seconds_total: ({ coldStarts }) => [...coldStarts()].map(({ service, version, seconds }) => [{ service, version }, seconds] as const),
  lepton_memory_budget_bytes: ({ memory }) => [[{}, memory.budgetBytes]],
  lepton_memory_held_bytes: ({ memory }) => [[{}, memory.heldBytes]],
  lepton_memory_waiting: ({ memory }) => [[{}, memory.waiting.length]],
  lepton_service_revision: ({ services }) => [...services.values()].map((service) => [{ service: service.name }, service.revision] as const),
  lepton_service_serving_revision: ({ services }) => [...services.values()].map((service) => [{ service: service.name }, service.serving?.revision ?? 0] as const),
  lepton_service_condition: ({ services }) => [...services.values()].flatMap((service) => service.conditions.map((condition) => [{ service: service.name, condition: condition.type }, Number(condition.status)] as const)),
};

const identity = ({ service, version, id }: Replica) => ({ service, version, replica: id });

/** Of the replicas for which it is counted. */
const counted = (replicas: readonly Replica[], field: keyof WorkerUsage): Sample[] => replicas.flatMap((replica) => (replica.usage?.[field] == null ? [] : [[identity(replica), replica.usage[field]] as const]));

const byVersion = (services: MetricsDependencies['services'], field: 'restarts' | 'outOfMemory'): Sample[] =>
  [...services.values()].flatMap((service) => (service.desired?.spec.deployments ?? []).map(({ version }) => [{ service: service.name, version }, service[field].get(version) ?? 0] as const));

function countReplicas(replicas: readonly Replica[]): Sample[] {
  const groups = Map.groupBy(replicas, ({ service, version, state }) => JSON.stringify({ service, version, phase: state.phase }));
  return [...groups].map(([labels, group]) => [JSON.parse(labels) as Record<string, string>, group.length]);
}
