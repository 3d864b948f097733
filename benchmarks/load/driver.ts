import { createHistogram } from 'node:perf_hooks';
import type { LoadConnection } from './connection.ts';
import { difference } from './expectation.ts';
import { GrpcConnection } from './grpc-connection.ts';
import { HttpConnection } from './http-connection.ts';
import { Pacer } from './pacer.ts';
import type { LoadPlan, LoadSnapshot, PreparedRequest } from './plan.ts';

/** After a failure a client waits, so that a server that is away is not hammered. */
const PAUSE_AFTER_FAILURE_MS = 5;
const FAULTS_MAX = 20;

interface Client {
  readonly connection: LoadConnection;
  checked: boolean;
}

/** Sends what a plan says, from `start` to `stop`, and tells what happened since the last `take`. */
export class LoadDriver {
  readonly #plan: LoadPlan;
  readonly #clients: readonly Client[];
  readonly #pacer: Pacer | undefined;
  readonly #idle: Client[] = [];
  readonly #latencies = createHistogram({ lowest: 1, highest: 120_000_000, figures: 3 });
  #running = false;
  #sent = 0;
  #requests = 0;
  #failures = 0;
  #checked = 0;
  #faults = new Map<string, number>();
  #since = performance.now();
  #cpu = process.cpuUsage();

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    const connection = (): LoadConnection => (plan.protocol === 'http' ? new HttpConnection(plan.port) : new GrpcConnection(plan.port, plan.method ?? ''));
    this.#clients = Array.from({ length: plan.clients }, () => ({ connection: connection(), checked: false }));
    this.#pacer = plan.ratePerSecond ? new Pacer(plan.ratePerSecond, () => this.#drain()) : undefined;
  }

  start(): void {
    this.#running = true;
    this.take();
    this.#pacer?.start();
    for (const client of this.#clients) this.#ready(client);
  }

  stop(): LoadSnapshot {
    this.#running = false;
    this.#pacer?.stop();
    for (const { connection } of this.#clients) connection.close();
    return this.take();
  }

  /** What happened since the last call; counting begins anew. */
  take(): LoadSnapshot {
    const now = performance.now();
    const cpu = process.cpuUsage(this.#cpu);
    const { requests, failures, checked, faults } = { requests: this.#requests, failures: this.#failures, checked: this.#checked, faults: Object.fromEntries(this.#faults) };
    const histogram = this.#latencies;
    const at = (percentile: number): number => (histogram.count ? histogram.percentile(percentile) : 0);
    const latencyUs = { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: histogram.count ? histogram.max : 0, mean: histogram.count ? histogram.mean : 0 };
    const snapshot = { seconds: (now - this.#since) / 1000, requests, failures, faults, checked, latencyUs, clientCpuSeconds: (cpu.user + cpu.system) / 1e6 };
    histogram.reset();
    [this.#requests, this.#failures, this.#checked, this.#faults] = [0, 0, 0, new Map()];
    [this.#since, this.#cpu] = [now, process.cpuUsage()];
    return snapshot;
  }

  #ready(client: Client): void {
    if (!this.#running) return;
    if (!this.#pacer) return this.#send(client, performance.now());
    this.#idle.push(client);
    this.#drain();
  }

  /** Gives requests that are due to clients that are free. */
  #drain(): void {
    while (this.#idle.length > 0) {
      const due = this.#pacer?.take();
      if (due === undefined) return;
      this.#send(this.#idle.pop() as Client, due);
    }
  }

  #send(client: Client, since: number): void {
    const request = this.#plan.requests[this.#sent++ % this.#plan.requests.length] as PreparedRequest;
    client.connection.send(request.bytes, (fault, body) => {
      const wrong = fault ?? this.#check(client, request, body);
      if (wrong === undefined) this.#count(since);
      else this.#fail(wrong);
      if (wrong === undefined) this.#ready(client);
      else setTimeout(() => this.#ready(client), PAUSE_AFTER_FAILURE_MS);
    });
  }

  #check(client: Client, { expect }: PreparedRequest, body: Buffer): string | undefined {
    if (client.checked && this.#requests % (this.#plan.checkEvery ?? 64) !== 0) return undefined;
    client.checked = true;
    this.#checked++;
    const found = difference(expect, body);
    return found === undefined ? undefined : `wrong answer: ${found}`;
  }

  #count(since: number): void {
    this.#requests++;
    this.#latencies.record(Math.max(1, Math.round((performance.now() - since) * 1000)));
  }

  #fail(fault: string): void {
    if (!this.#running) return;
    this.#failures++;
    const known = this.#faults.has(fault) || this.#faults.size < FAULTS_MAX ? fault : 'others';
    this.#faults.set(known, (this.#faults.get(known) ?? 0) + 1);
  }
}
