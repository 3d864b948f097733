import createClient, { type Client } from 'openapi-fetch';
import { errorFromResponse, LeptonApiError, reachingFetch } from './errors.ts';
import { readEventStream } from './events.ts';
import type { PushOptions, PushResult } from './push.ts';
import type { paths } from './schema.d.ts';
import type {
  AlertMetric, AlertRule, AlertRuleChange, AlertRuleInput, AlertsOverview, BlobsToSend, CaptureInput, CaptureOverview, CaptureRule, DriftReport, ChangeOptions, ChangeResult, Comparison, DeploymentInput, DeploymentState, Explanation, Feedback, FeedbackSummary, Environment, FsckReport, GcReport, HistoryEntry, ImportReport, Label, LogMessage, LogPage, LogQuery, MetricsAnswer, MetricsList, PlatformEvent, PlatformStatus, Plan, PlanSummary, PublishResult, Replica, Repository, ScheduleInput, ServiceInput,
  ServiceRevision, ServiceStatus, TrafficInput, Version, VersionDiff, VersionProfiles, VersionPublish,
} from './types.ts';

export interface LeptonClientOptions {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Name that changes are made under. */
  readonly user?: string;
  readonly fetch?: typeof fetch;
}

/**
 * The management API. Every method rejects with LeptonApiError: the server's code and status, or SERVER_UNREACHABLE.
 * Methods that change a service answer the revision that is desired now; see `ChangeOptions` for waiting and dry runs.
 */
export class LeptonClient {
  readonly url: string;
  readonly #user: string | undefined;
  readonly #fetch: typeof fetch;
  readonly #api: Client<paths>;

  constructor(options: LeptonClientOptions) {
    this.url = options.url.replace(/\/+$/, '');
    this.#user = options.user;
    this.#fetch = reachingFetch(this.url, options.fetch ?? fetch);
    this.#api = createClient<paths>({ baseUrl: this.url, fetch: (request) => this.#fetch(request), headers: this.#headers() });
  }

  #headers(): Record<string, string> {
    return this.#user ? { 'lepton-user': this.#user } : {};
  }

  status(): Promise<PlatformStatus> {
    return unwrap(this.#api.GET('/api/v1/status'));
  }

  /** By name; at most `limit` after the one named `after`. */
  listRepositories(page: { after?: string; limit?: number } = {}): Promise<Repository[]> {
    return unwrap(this.#api.GET('/api/v1/repositories', { params: { query: page } }));
  }
  createRepository(name: string, options: { description?: string; ifNotExists?: boolean } = {}): Promise<Repository> {
    return unwrap(this.#api.POST('/api/v1/repositories', { body: { name, ...options } }));
  }
  getRepository(repository: string): Promise<Repository> {
    return unwrap(this.#api.GET('/api/v1/repositories/{repository}', { params: { path: { repository } } }));
  }
  deleteRepository(repository: string): Promise<void> {
    return unwrap(this.#api.DELETE('/api/v1/repositories/{repository}', { params: { path: { repository } } }));
  }
  /** Newest first. */
  history(repository: string, options: { limit?: number } = {}): Promise<HistoryEntry[]> {
    return unwrap(this.#api.GET('/api/v1/repositories/{repository}/history', { params: { path: { repository }, query: options } }));
  }
  diff(repository: string, from: string, to: string): Promise<VersionDiff> {
    return unwrap(this.#api.GET('/api/v1/repositories/{repository}/diff', { params: { path: { repository }, query: { from, to } } }));
  }

  /** Oldest first. */
  listVersions(repository: string, page: { after?: string; before?: string; limit?: number } = {}): Promise<Version[]> {
    return unwrap(this.#api.GET('/api/v1/repositories/{repository}/versions', { params: { path: { repository }, query: page } }));
  }
  /** What a version was measured and seen to need, by class of host and threads. */
  getProfiles(repository: string, version: string): Promise<VersionProfiles> {
    return unwrap(this.#api.GET('/api/v1/repositories/{repository}/versions/{version}/profiles', { params: { path: { repository, version } } }));
  }
  /** The next start of the version measures anew. */
  forgetProfiles(repository: string, version: string): Promise<void> {
    return unwrap(this.#api.DELETE('/api/v1/repositories/{repository}/versions/{version}/profiles', { params: { path: { repository, version } } }));
  }
  /** By version name or label. */
  getVersion(repository: string, version: string): Promise<Version> {
    return unwrap(this.#api.GET('/api/v1/repositories/{repository}/versions/{version}', { params: { path: { repository, version } } }));
  }
  deleteVersion(repository: string, version: string): Promise<void> {
    return unwrap(this.#api.DELETE('/api/v1/repositories/{repository}/versions/{version}', { params: { path: { repository, version } } }));
  }
  /** Publishes files that are uploaded already; `pushDirectory` does all of it. */
  publish(repository: string, input: VersionPublish): Promise<PublishResult> {
    return unwrap(this.#api.POST('/api/v1/repositories/{repository}/versions', { params: { path: { repository } }, body: input }));
  }
  /** Saves a directory, or one file, as an immutable version: hashes it, sends what the server lacks, publishes. Node only. */
  async pushDirectory(path: string, options: PushOptions): Promise<PushResult> {
    const { pushDirectory } = await import('./push.ts');
    return pushDirectory(this, path, options);
  }
  /** The bytes of a version's file. */
  async downloadFile(repository: string, version: string, path: string): Promise<ReadableStream<Uint8Array>> {
    const parts = [repository, 'versions', version, 'files', ...path.split('/')].map(encodeURIComponent);
    const response = await this.#raw('GET', `/api/v1/repositories/${parts.join('/')}`);
    return response.body ?? new Blob([]).stream();
  }

  /** Which of these the server lacks; `partial`: where an upload of one that broke off can go on. */
  missingBlobs(digests: readonly string[]): Promise<BlobsToSend> {
    return unwrap(this.#api.POST('/api/v1/blobs/missing', { body: { digests: [...digests] } }));
  }
  /** Uploads a file of `size` bytes, or what it has from `offset` on; the server checks digest and size. */
  async putBlob(digest: string, content: ReadableStream<Uint8Array> | Uint8Array, size: number, offset = 0): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size - offset) };
    // A stream has no length of its own; the header carries it, so that the server can refuse early.
    await this.#raw('PUT', `/api/v1/blobs/${digest}${offset ? `?offset=${offset}` : ''}`, { headers, body: content, duplex: 'half' } as RequestInit);
  }

  listLabels(repository: string): Promise<Label[]> {
    return unwrap(this.#api.GET('/api/v1/repositories/{repository}/labels', { params: { path: { repository } } }));
  }
  /** `expect`: the version that the label must point to now, null: it must not exist; otherwise CONFLICT. */
  moveLabel(repository: string, label: string, version: string, options: { expect?: string | null } = {}): Promise<Label> {
    return unwrap(this.#api.PUT('/api/v1/repositories/{repository}/labels/{label}', { params: { path: { repository, label } }, body: { version, ...options } }));
  }
  deleteLabel(repository: string, label: string): Promise<void> {
    return unwrap(this.#api.DELETE('/api/v1/repositories/{repository}/labels/{label}', { params: { path: { repository, label } } }));
  }

  /** The scheduler's next plan, of which nothing is done. */
  nextPlan(): Promise<Plan> {
    return unwrap(this.#api.GET('/api/v1/plan'));
  }
  /** Executed plans, newest first; at most `limit` before the one with this id. */
  listPlans(page: { before?: number; limit?: number } = {}): Promise<PlanSummary[]> {
    return unwrap(this.#api.GET('/api/v1/plans', { params: { query: page } }));
  }
  /** Why a service's versions get what they get. */
  explain(service: string): Promise<Explanation> {
    return unwrap(this.#api.GET('/api/v1/services/{service}/explanation', { params: { path: { service } } }));
  }
  getPlan(plan: number): Promise<Plan> {
    return unwrap(this.#api.GET('/api/v1/plans/{plan}', { params: { path: { plan } } }));
  }

  listServices(): Promise<ServiceStatus[]> {
    return unwrap(this.#api.GET('/api/v1/services'));
  }
  getService(service: string): Promise<ServiceStatus> {
    return unwrap(this.#api.GET('/api/v1/services/{service}', { params: { path: { service } } }));
  }
  /** The state when the revision (default: the newest) serves or has failed, or after `waitSeconds` (at most 600). */
  waitSettled(service: string, options: { revision?: number; waitSeconds: number }): Promise<ServiceStatus> {
    const query = { wait: options.waitSeconds, ...(options.revision === undefined ? {} : { revision: options.revision }) };
    return unwrap(this.#api.GET('/api/v1/services/{service}', { params: { path: { service }, query } }));
  }
  listRevisions(service: string): Promise<ServiceRevision[]> {
    return unwrap(this.#api.GET('/api/v1/services/{service}/revisions', { params: { path: { service } } }));
  }
  /** Makes the service equal to the declaration; the same again changes nothing. */
  apply(service: string, input: ServiceInput, options: ChangeOptions = {}): Promise<ChangeResult> {
    return unwrap(this.#api.PUT('/api/v1/services/{service}', { params: { path: { service }, query: queryOf(options) }, body: { ...input, ...contextOf(options) } }));
  }
  /** Adds a version, creating the service if need be; a further version is dark unless `weight` is given. */
  deploy(service: string, deployment: DeploymentInput, options: ChangeOptions & { weight?: number } = {}): Promise<ChangeResult> {
    const body = { deployment, ...contextOf(options), ...(options.weight === undefined ? {} : { weight: options.weight }) };
    return unwrap(this.#api.POST('/api/v1/services/{service}/deployments', { params: { path: { service }, query: queryOf(options) }, body }));
  }
  /** Puts a version in the place of another; the new one is ready before the old one goes. */
  update(service: string, deployment: DeploymentInput, options: ChangeOptions & { from?: string } = {}): Promise<ChangeResult> {
    const body = { deployment, ...contextOf(options), ...(options.from === undefined ? {} : { from: options.from }) };
    return unwrap(this.#api.POST('/api/v1/services/{service}/update', { params: { path: { service }, query: queryOf(options) }, body }));
  }
  /** Removes one version, or with null the whole service. */
  undeploy(service: string, version: string | null, options: ChangeOptions & { force?: boolean } = {}): Promise<ChangeResult> {
    const query = { ...queryOf(options), ...(options.force === undefined ? {} : { force: options.force }), ...(options.expectRevision === undefined ? {} : { expectRevision: options.expectRevision }) };
    if (version === null) return unwrap(this.#api.DELETE('/api/v1/services/{service}', { params: { path: { service }, query } }));
    return unwrap(this.#api.DELETE('/api/v1/services/{service}/deployments/{version}', { params: { path: { service, version }, query } }));
  }
  setTraffic(service: string, traffic: TrafficInput, options: ChangeOptions = {}): Promise<ChangeResult> {
    return unwrap(this.#api.PUT('/api/v1/services/{service}/traffic', { params: { path: { service }, query: queryOf(options) }, body: { traffic, ...contextOf(options) } }));
  }
  /** Asks one version, or with null the whole service, to be loaded, warm, drained or unloaded. */
  setState(service: string, version: string | null, state: DeploymentState, options: ChangeOptions & { force?: boolean } = {}): Promise<ChangeResult> {
    const query = queryOf(options);
    const body = { state, ...contextOf(options), ...(options.force === undefined ? {} : { force: options.force }) };
    if (version === null) return unwrap(this.#api.PUT('/api/v1/services/{service}/state', { params: { path: { service }, query }, body }));
    return unwrap(this.#api.PUT('/api/v1/services/{service}/deployments/{version}/state', { params: { path: { service, version }, query }, body }));
  }
  /** Priority and replicas of one version. */
  schedule(service: string, version: string, change: ScheduleInput, options: Omit<ChangeOptions, 'dryRun'> = {}): Promise<ChangeResult> {
    const body = { ...change, ...contextOf(options) };
    return unwrap(this.#api.PATCH('/api/v1/services/{service}/deployments/{version}', { params: { path: { service, version }, query: queryOf(options) }, body }));
  }
  /** A new revision equal to an earlier one; null: the one before the current. */
  rollback(service: string, revision: number | null = null, options: Omit<ChangeOptions, 'dryRun'> = {}): Promise<ChangeResult> {
    return unwrap(this.#api.POST('/api/v1/services/{service}/rollback', { params: { path: { service }, query: queryOf(options) }, body: { revision, ...contextOf(options) } }));
  }

  listReplicas(filter: { service?: string; version?: string } = {}): Promise<Replica[]> {
    return unwrap(this.#api.GET('/api/v1/replicas', { params: { query: filter } }));
  }
  async replicaLog(replica: string, options: { tailBytes?: number } = {}): Promise<string> {
    return (await unwrap(this.#api.GET('/api/v1/replicas/{replica}/log', { params: { path: { replica }, query: options } }))).text;
  }
  /** What rules say of each version, firing ones first. */
  listAlerts(filter: { rule?: string; service?: string; version?: string; state?: 'inactive' | 'pending' | 'firing' | 'resolved' } = {}): Promise<AlertsOverview> {
    return unwrap(this.#api.GET('/api/v1/alerts', { params: { query: filter } }));
  }
  listAlertMetrics(): Promise<AlertMetric[]> {
    return unwrap(this.#api.GET('/api/v1/alerts/metrics'));
  }
  listAlertRules(): Promise<AlertRule[]> {
    return unwrap(this.#api.GET('/api/v1/alerts/rules'));
  }
  /** Makes a rule equal to the input; the same again changes nothing. */
  putAlertRule(rule: string, body: AlertRuleInput, options: { dryRun?: boolean } = {}): Promise<AlertRuleChange> {
    return unwrap(this.#api.PUT('/api/v1/alerts/rules/{rule}', { params: { path: { rule }, query: options }, body }));
  }
  async deleteAlertRule(rule: string): Promise<void> {
    await unwrap(this.#api.DELETE('/api/v1/alerts/rules/{rule}', { params: { path: { rule } } }));
  }
  /** Sends a trial to the rule's webhook; resolves with whether it was taken, perhaps after minutes. */
  testAlertRule(rule: string): Promise<{ delivered: boolean; problem: string | null }> {
    return unwrap(this.#api.POST('/api/v1/alerts/rules/{rule}/test', { params: { path: { rule } }, body: {} }));
  }
  captureOverview(): Promise<CaptureOverview> {
    return unwrap(this.#api.GET('/api/v1/capture'));
  }
  /** Captures a sample of requests and answers from now on. */
  startCapture(service: string, body: CaptureInput): Promise<CaptureRule> {
    return unwrap(this.#api.PUT('/api/v1/services/{service}/capture', { params: { path: { service } }, body }));
  }
  async stopCapture(service: string): Promise<void> {
    await unwrap(this.#api.DELETE('/api/v1/services/{service}/capture', { params: { path: { service } } }));
  }
  /** The newest captured requests and answers: lines of JSON for pandas, or NumPy's .npz. */
  async exportCapture(service: string, version: string, query: { format: 'jsonl' | 'npz'; limit?: number }): Promise<Uint8Array> {
    const search = new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]));
    const response = await this.#raw('GET', `/api/v1/services/${encodeURIComponent(service)}/deployments/${encodeURIComponent(version)}/capture?${search}`, {});
    return new Uint8Array(await response.arrayBuffer());
  }
  /** A version's reference for drift, as lines of JSON; null: the next 1,000 captured answers. */
  async setReference(service: string, version: string, text: string | null): Promise<{ rows: number }> {
    if (text === null) return unwrap(this.#api.DELETE('/api/v1/services/{service}/deployments/{version}/capture/reference', { params: { path: { service, version } } }));
    const response = await this.#raw('PUT', `/api/v1/services/${encodeURIComponent(service)}/deployments/${encodeURIComponent(version)}/capture/reference`, { headers: { 'content-type': 'application/octet-stream' }, body: text });
    return (await response.json()) as { rows: number };
  }
  /** How far the newest inputs and outputs are from the reference. */
  drift(service: string, version: string, query: { limit?: number } = {}): Promise<DriftReport> {
    return unwrap(this.#api.GET('/api/v1/services/{service}/deployments/{version}/drift', { params: { path: { service, version }, query } }));
  }
  /** Lines of all logs that fit, oldest first. */
  queryLogs(query: LogQuery = {}): Promise<LogPage> {
    return unwrap(this.#api.GET('/api/v1/logs', { params: { query } })) as Promise<LogPage>;
  }
  /** The newest lines that fit, then each new one, until the server ends the stream or `signal` aborts; `skipped`: what a log wrote too fast to be sent. */
  async *followLogs(query: LogQuery = {}, signal?: AbortSignal): AsyncGenerator<LogMessage> {
    const search = new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]));
    const response = await this.#raw('GET', `/api/v1/logs?${search}`, { headers: { accept: 'text/event-stream' }, ...(signal ? { signal } : {}) });
    if (response.body) for await (const { event, data } of readEventStream<never>(response.body)) if (event === 'line' || event === 'skipped') yield { kind: event, data };
  }
  /** Oldest first; without `after` the newest. Also of versions and services that are gone. */
  listFeedback(service: string, query: FeedbackQuery = {}): Promise<Feedback[]> {
    return unwrap(this.#api.GET('/api/v1/services/{service}/feedback', { params: { path: { service }, query } }));
  }
  /** What feedback says of each version, since ever. */
  feedbackSummary(service: string): Promise<FeedbackSummary> {
    return unwrap(this.#api.GET('/api/v1/services/{service}/feedback/summary', { params: { path: { service } } }));
  }
  /** What `queryMetrics` can be asked for, and how the history fares. */
  listMetrics(): Promise<MetricsList> {
    return unwrap(this.#api.GET('/api/v1/metrics'));
  }
  /** Metrics over time: one aligned series for each version and metric. */
  queryMetrics(query: MetricsQuery): Promise<MetricsAnswer> {
    const { version, metric, ...others } = query;
    return unwrap(this.#api.GET('/api/v1/metrics/query', { params: { query: { ...others, ...(version && { version: version.join() }), ...(metric && { metric: metric.join() }) } } }));
  }
  /** Two versions side by side over a window, an hour unless it is given; times as with `queryMetrics`. */
  compareVersions(service: string, query: { a: string; b: string; from?: string; to?: string }): Promise<Comparison> {
    return unwrap(this.#api.GET('/api/v1/services/{service}/compare', { params: { path: { service }, query } }));
  }
  /** Oldest first; without `after` the newest. */
  listEvents(query: EventQuery = {}): Promise<PlatformEvent[]> {
    return unwrap(this.#api.GET('/api/v1/events', { params: { query } })) as Promise<PlatformEvent[]>;
  }
  /** Recorded events, then each new one, until the server ends the stream or `signal` aborts. */
  async *followEvents(query: EventQuery = {}, signal?: AbortSignal): AsyncGenerator<PlatformEvent> {
    const search = new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]));
    const response = await this.#raw('GET', `/api/v1/events?${search}`, { headers: { accept: 'text/event-stream' }, ...(signal ? { signal } : {}) });
    if (response.body) for await (const { data } of readEventStream<PlatformEvent>(response.body)) yield data;
  }

  /** Python environments that are here or that versions need. */
  listEnvironments(): Promise<Environment[]> {
    return unwrap(this.#api.GET('/api/v1/environments'));
  }
  /** Offers an interpreter of the server's machine for an environment; it is used only while it has every pin. */
  registerInterpreter(digest: string, interpreter: string): Promise<{ digest: string; interpreter: string; python: string }> {
    return unwrap(this.#api.PUT('/api/v1/environments/{digest}', { params: { path: { digest } }, body: { interpreter } }));
  }

  gc(options: { dryRun?: boolean; graceMs?: number } = {}): Promise<GcReport> {
    return unwrap(this.#api.POST('/api/v1/gc', { body: options }));
  }
  fsck(): Promise<FsckReport> {
    return unwrap(this.#api.POST('/api/v1/fsck', { body: {} }));
  }
  /** Imports a Triton-style directory of the server's own file system (absolute path). */
  importDirectory(directory: string, options: { deploy?: boolean } = {}): Promise<ImportReport> {
    return unwrap(this.#api.POST('/api/v1/import', { body: { directory, ...options } }));
  }

  async #raw(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const response = await this.#fetch(this.url + path, { ...init, method, headers: { ...this.#headers(), ...(init.headers as Record<string, string>) } });
    if (response.status >= 400) throw errorFromResponse(response, await response.text());
    return response;
  }
}

/** Which events; all given conditions must hold. */
export interface FeedbackQuery {
  readonly version?: string;
  readonly after?: number;
  readonly limit?: number;
}

/** Times: ISO 8601, seconds since the epoch, or `-15m` before now. */
export interface MetricsQuery {
  readonly service?: string;
  /** Absent: all. */
  readonly version?: readonly string[];
  /** Names of `listMetrics`; absent: requests, errors and latencies. */
  readonly metric?: readonly string[];
  readonly by?: 'version' | 'service';
  readonly from?: string;
  readonly to?: string;
  /** Seconds; 0: the whole window is one step. */
  readonly step?: number;
}

export interface EventQuery {
  readonly after?: number;
  readonly limit?: number;
  readonly service?: string;
  readonly repository?: string;
  readonly severity?: PlatformEvent['severity'];
}

function queryOf(options: ChangeOptions): { dryRun?: boolean; wait?: number } {
  return { ...(options.dryRun === undefined ? {} : { dryRun: options.dryRun }), ...(options.waitSeconds === undefined ? {} : { wait: options.waitSeconds }) };
}

function contextOf(options: ChangeOptions): { reason?: string; expectRevision?: number } {
  return { ...(options.reason === undefined ? {} : { reason: options.reason }), ...(options.expectRevision === undefined ? {} : { expectRevision: options.expectRevision }) };
}

async function unwrap<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await readable(call);
  if (response.status >= 400) throw errorFromResponse(response, error);
  return data as T;
}

/** An answer that breaks off or is no JSON is a server that cannot be used. */
async function readable<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    if (cause instanceof LeptonApiError || (cause as Error).name === 'AbortError') throw cause;
    throw new LeptonApiError(`the server's answer cannot be read: ${(cause as Error).message}`, { code: 'SERVER_UNREACHABLE', status: 0, cause });
  }
}
