/** A metric as users see it; docs/reference/metrics.md is generated from these. */
export interface MetricDescription {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
}

const VERSION = ['service', 'version'] as const;

/** The gateway's metrics. Series of a version disappear when it leaves the routing table. */
export const METRICS = [
  { name: 'lepton_requests_total', type: 'counter', labels: [...VERSION, 'outcome', 'reason'], help: 'Inference requests that reached a version, by outcome (ok, error) and reason (the error code, empty when ok).' },
  { name: 'lepton_requests_rejected_total', type: 'counter', labels: ['protocol', 'reason'], help: 'Inference requests refused before a version was chosen, by protocol (http, grpc) and error code.' },
  { name: 'lepton_request_duration_seconds', type: 'histogram', labels: VERSION, help: 'From a request’s arrival at the data plane to its answer, per answered request.' },
  { name: 'lepton_queue_duration_seconds', type: 'histogram', labels: VERSION, help: 'Wait for a replica, per answered request.' },
  { name: 'lepton_batch_duration_seconds', type: 'histogram', labels: VERSION, help: 'Merging inputs and splitting outputs in the worker, per run.' },
  { name: 'lepton_run_duration_seconds', type: 'histogram', labels: VERSION, help: 'Time inside the runtime, per run.' },
  { name: 'lepton_batch_size_rows', type: 'histogram', labels: VERSION, help: 'Rows that ran together, per run.' },
  { name: 'lepton_inferences_total', type: 'counter', labels: VERSION, help: 'Rows answered.' },
  { name: 'lepton_retries_total', type: 'counter', labels: VERSION, help: 'Requests given to another replica after theirs died or hung.' },
  { name: 'lepton_queue_length', type: 'gauge', labels: VERSION, help: 'Requests that wait for a replica now.' },
  { name: 'lepton_requests_in_flight', type: 'gauge', labels: VERSION, help: 'Requests that replicas work on now.' },
  { name: 'lepton_replicas_connected', type: 'gauge', labels: VERSION, help: 'Replicas that this gateway is connected to now.' },
  { name: 'lepton_routing_generation', type: 'gauge', labels: [], help: 'Generation of the routing table in force.' },
  { name: 'lepton_control_up', type: 'gauge', labels: [], help: '1 when the control process answered this scrape, otherwise 0 and its metrics are missing here.' },
  { name: 'lepton_gateway_cpu_seconds_total', type: 'counter', labels: [], help: 'CPU time of the gateway process.' },
  { name: 'lepton_gateway_resident_memory_bytes', type: 'gauge', labels: [], help: 'Resident memory of the gateway process.' },
  { name: 'lepton_gateway_start_time_seconds', type: 'gauge', labels: [], help: 'When the gateway process started, seconds since the epoch.' },
] as const satisfies readonly MetricDescription[];

export type MetricName = (typeof METRICS)[number]['name'];
