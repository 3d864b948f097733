import { type Clock, type EventSink, LeptonError, nearest } from '../../core/index.ts';
import type { Database } from '../../database/index.ts';
import { AlertTables, type StoredRule, type StoredStatus } from './alert-store.ts';
import { ALERT_METRIC_NAMES, ALERT_METRICS, type AlertMetric, type AlertMetricName, type AlertSource, type Reading } from './metrics.ts';
import { type AlertRule, type AlertRuleInput, alertRuleOf } from './rule.ts';
import { type AlertState, type AlertStatus, step } from './step.ts';
import type { WebhookCounts, Webhooks } from './webhooks.ts';

export interface AlertsOptions {
  readonly database: Database;
  readonly source: AlertSource;
  readonly webhooks: Webhooks;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: { warn(facts: object, message: string): void; info(facts: object, message: string): void; error(facts: object, message: string): void };
  /** Default 5 s. */
  readonly intervalMs?: number;
}

/** A rule as it is shown. */
export interface AlertRuleView extends AlertRule {
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
}
export interface AlertView extends Omit<AlertStatus, 'sinceMs'> {
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly severity: AlertRule['severity'];
  readonly metric: AlertRule['metric'];
  readonly message: string;
}
export interface AlertFilter {
  readonly rule?: string | undefined;
  readonly service?: string | undefined;
  readonly version?: string | undefined;
  readonly state?: AlertState | undefined;
}
export interface AlertsOverview {
  readonly alerts: readonly AlertView[];
  readonly webhooks: WebhookCounts;
  /** ISO 8601, UTC; null: not yet. */
  readonly evaluatedAt: string | null;
}

const INTERVAL_MS = 5_000;
/** States of all rules; a rule on every version of a large platform may have many. */
const STATES_MAX = 20_000;

/** Evaluates rules every few seconds and tells of what begins and ends: as event, in the log, to webhooks. */
export class Alerts {
  readonly #options: AlertsOptions;
  readonly #tables: AlertTables;
  #rules = new Map<string, StoredRule>();
  #states = new Map<string, StoredStatus>();
  #evaluatedAtMs: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  /** Changes and evaluations never interleave. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: AlertsOptions) {
    this.#options = options;
    this.#tables = new AlertTables(options.database);
  }

  /** Reads what is kept; webhooks that were not told of the last change are told. */
  async start(): Promise<void> {
    this.#rules = new Map((await this.#tables.rules()).map((stored) => [stored.rule.name, stored]));
    this.#states = new Map((await this.#tables.states()).map((stored) => [keyOf(stored.status), stored]));
    for (const { status, untold } of this.#states.values()) {
      const stored = this.#rules.get(status.rule);
      if (stored && untold) this.#callWebhook(stored, status);
    }
    this.#schedule();
  }

  /** Resolves when what is under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#options.webhooks.close();
    await this.#work.catch(() => undefined);
  }

  metrics(): readonly (AlertMetric & { readonly name: AlertMetricName })[] {
    return ALERT_METRIC_NAMES.map((name) => ({ name, ...ALERT_METRICS[name] }));
  }

  list(): readonly AlertRuleView[] {
    return [...this.#rules.values()].map(viewOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** ALERT_RULE_NOT_FOUND. */
  get(name: string): AlertRuleView {
    return viewOf(this.#stored(name));
  }

  /** Makes the rule equal to the input; the same again changes nothing. */
  async put(name: string, input: AlertRuleInput, { by, dryRun = false }: { readonly by: string; readonly dryRun?: boolean }): Promise<{ readonly rule: AlertRuleView; readonly outcome: 'created' | 'updated' | 'unchanged' }> {
    return this.#exclusively(async () => {
      const before = this.#rules.get(name);
      const { rule, secret = before?.secret ?? null } = alertRuleOf(name, input, before?.secret != null);
      const at = new Date(this.#options.clock.now()).toISOString();
      const stored = { rule, secret: rule.webhook ? secret : null, createdAt: before?.createdAt ?? at, updatedAt: at, updatedBy: by };
      const same = before && JSON.stringify(before.rule) === JSON.stringify(rule) && before.secret === stored.secret;
      if (same) return { rule: viewOf(before), outcome: 'unchanged' as const };
      const outcome = before ? ('updated' as const) : ('created' as const);
      if (dryRun) return { rule: viewOf(stored), outcome };
      await this.#tables.save(stored);
      this.#rules.set(name, stored);
      this.#forget(name);
      this.#options.events.record({ severity: 'info', reason: before ? 'AlertRuleChanged' : 'AlertRuleCreated', message: `alert rule ${name}: ${describe(rule)}`, actor: by, service: rule.service, version: rule.version, before: before ? describe(before.rule) : null, after: describe(rule) });
      return { rule: viewOf(stored), outcome };
    });
  }

  async remove(name: string, by: string): Promise<void> {
    await this.#exclusively(async () => {
      const { rule } = this.#stored(name);
      await this.#tables.remove(name);
      this.#rules.delete(name);
      this.#forget(name);
      this.#options.events.record({ severity: 'info', reason: 'AlertRuleDeleted', message: `alert rule ${name} was deleted`, actor: by, service: rule.service, version: rule.version, before: describe(rule) });
    });
  }

  /** Sends a trial to the rule's webhook and waits for what becomes of it: null when it was taken. PRECONDITION_FAILED without one. */
  async test(name: string): Promise<string | null> {
    const { rule, secret } = this.#stored(name);
    if (!rule.webhook || secret === null) throw new LeptonError('PRECONDITION_FAILED', `alert rule ${name} has no webhook`);
    return this.#options.webhooks.send({ url: rule.webhook.url, secret }, { type: 'test', rule: name, severity: rule.severity, description: rule.description, at: new Date(this.#options.clock.now()).toISOString() });
  }

  /** Firing ones first, the newest first. */
  overview(filter: AlertFilter = {}): AlertsOverview {
    const order: readonly AlertState[] = ['firing', 'pending', 'resolved', 'inactive'];
    const fits = (status: AlertStatus): boolean => (['rule', 'service', 'version', 'state'] as const).every((key) => filter[key] === undefined || status[key] === filter[key]);
    const alerts = [...this.#states.values()].flatMap(({ status }) => {
      const stored = this.#rules.get(status.rule);
      return stored && fits(status) ? [{ status, rule: stored.rule }] : [];
    });
    alerts.sort((a, b) => order.indexOf(a.status.state) - order.indexOf(b.status.state) || b.status.sinceMs - a.status.sinceMs);
    return { alerts: alerts.map(({ status, rule }) => alertView(status, rule)), webhooks: this.#options.webhooks.counts, evaluatedAt: this.#evaluatedAtMs === null ? null : new Date(this.#evaluatedAtMs).toISOString() };
  }

  /** One look at everything. */
  async evaluate(): Promise<void> {
    await this.#exclusively(async () => {
      const rules = [...this.#rules.values()].filter(({ rule }) => rule.enabled);
      if (rules.length) await this.#options.source.sample(new Set(rules.map(({ rule }) => rule.metric)), Math.max(...rules.map(({ rule }) => rule.windowMs)));
      const now = this.#options.clock.now();
      const seen = new Set<string>();
      const changed: { readonly stored: StoredRule; readonly status: AlertStatus; readonly before: AlertStatus | undefined }[] = [];
      for (const stored of rules) for (const reading of this.#readingsOf(stored.rule)) this.#judge(stored, reading, now, seen, changed);
      const gone = this.#gone(seen, now);
      this.#evaluatedAtMs = now;
      const turned = changed.filter(({ status, before }) => status.state !== (before?.state ?? 'inactive'));
      const states = turned.map(({ status, stored }) => ({ status, untold: isTold(status) && stored.rule.webhook !== null }));
      // People are told, also while the database is away.
      await this.#tables.saveStates(states, gone).catch((error: unknown) => this.#options.log.error({ err: error }, 'states of alerts could not be written'));
      for (const { stored, status } of turned) this.#tell(stored, status);
    });
  }

  #readingsOf({ metric, windowMs, service, version }: AlertRule): readonly Reading[] {
    return this.#options.source.read(metric, windowMs).filter((reading) => (service === null || reading.service === service) && (version === null || reading.version === version));
  }

  #judge(stored: StoredRule, reading: Reading, now: number, seen: Set<string>, changed: { stored: StoredRule; status: AlertStatus; before: AlertStatus | undefined }[]): void {
    const key = keyOf({ rule: stored.rule.name, ...reading });
    const before = this.#states.get(key)?.status;
    seen.add(key);
    if (!before && this.#states.size >= STATES_MAX) return;
    const status = step(stored.rule, before, reading, now);
    if (status === before) return;
    this.#states.set(key, { status, untold: false });
    changed.push({ stored, status, before });
  }

  /** A version that is gone, or a rule that is off: what fired is over, what did not is forgotten. */
  #gone(seen: ReadonlySet<string>, now: number): AlertStatus[] {
    const gone: AlertStatus[] = [];
    for (const [key, { status: before }] of this.#states) {
      if (seen.has(key)) continue;
      this.#states.delete(key);
      gone.push(before);
      const stored = this.#rules.get(before.rule);
      if (before.state === 'firing' && stored) this.#tell(stored, { ...before, state: 'resolved', sinceMs: now });
    }
    return gone;
  }

  #tell(stored: StoredRule, status: AlertStatus): void {
    if (!isTold(status)) return;
    const { rule } = stored;
    const firing = status.state === 'firing';
    const message = messageOf(status, rule);
    const { service, version } = status;
    if (rule.event) this.#options.events.record({ severity: firing ? rule.severity : 'info', reason: firing ? 'AlertFiring' : 'AlertResolved', message, actor: 'alerts', service, version });
    if (rule.log) this.#options.log[firing && rule.severity !== 'info' ? (rule.severity === 'error' ? 'error' : 'warn') : 'info']({ alert: rule.name, state: status.state, service, version, metric: rule.metric, value: status.value, threshold: rule.threshold }, message);
    this.#callWebhook(stored, status);
  }

  #callWebhook({ rule, secret }: StoredRule, status: AlertStatus): void {
    if (!rule.webhook || secret === null) return;
    const { url } = rule.webhook;
    const { description, threshold, op, windowMs } = rule;
    const body = { type: status.state, ...alertView(status, rule), description, op, threshold, windowSeconds: windowMs / 1000 };
    const outcome = this.#options.webhooks.send({ url, secret }, body).then(async (problem) => {
      if (this.#stopped) return;
      if (problem === null) return this.#tables.told(status);
      this.#options.log.warn({ alert: rule.name, service: status.service, version: status.version, problem }, 'an alert’s webhook did not take it');
      this.#options.events.record({ severity: 'warning', reason: 'AlertWebhookFailed', message: `the webhook of alert rule ${rule.name} did not take "${status.state}": ${problem}`, actor: 'alerts', service: status.service, version: status.version });
    });
    void outcome.catch((error: unknown) => this.#options.log.error({ err: error }, 'what became of a webhook could not be written'));
  }

  #forget(rule: string): void {
    for (const [key, { status }] of this.#states) if (status.rule === rule) this.#states.delete(key);
  }

  #stored(name: string): StoredRule {
    const stored = this.#rules.get(name);
    if (stored) return stored;
    const meant = nearest(name, [...this.#rules.keys()]);
    throw new LeptonError('ALERT_RULE_NOT_FOUND', `no alert rule has the name ${JSON.stringify(name)}${meant ? `; did you mean ${meant}?` : '; list them with `lepton-ai alerts rules`'}`);
  }

  #exclusively<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#work.then(act, act);
    this.#work = result.catch(() => undefined);
    return result;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      void this.evaluate()
        .catch((error: unknown) => this.#options.log.error({ err: error }, 'alert rules could not be evaluated'))
        .finally(() => this.#schedule());
    }, this.#options.intervalMs ?? INTERVAL_MS);
    this.#timer.unref();
  }
}

const keyOf = ({ rule, service, version }: Pick<AlertStatus, 'rule' | 'service' | 'version'>): string => JSON.stringify([rule, service, version]);
/** Of the other changes nobody is told. */
const isTold = ({ state }: AlertStatus): boolean => state === 'firing' || state === 'resolved';
const viewOf = ({ rule, createdAt, updatedAt, updatedBy }: StoredRule): AlertRuleView => ({ ...rule, createdAt, updatedAt, updatedBy });

const alertView = ({ sinceMs, ...status }: AlertStatus, rule: AlertRule): AlertView => ({ ...status, since: new Date(sinceMs).toISOString(), severity: rule.severity, metric: rule.metric, message: messageOf({ sinceMs, ...status }, rule) });

/** `fault_ratio > 0.05 over 60 s, for 30 s`. */
const describe = ({ metric, op, threshold, windowMs, forMs }: AlertRule): string => `${metric} ${op} ${threshold} over ${windowMs / 1000} s${forMs ? `, for ${forMs / 1000} s` : ''}`;

function messageOf({ service, version, state, value }: AlertStatus, rule: AlertRule): string {
  const { unit } = ALERT_METRICS[rule.metric];
  const shown = value === null ? 'unknown' : `${Number(value.toPrecision(4))}${unit === 'ratio' || unit === '1' ? '' : ` ${unit}`}`;
  return `${rule.name}: ${service}:${version} is ${state}: ${rule.metric} is ${shown} (${describe(rule)})${rule.description ? `. ${rule.description}` : ''}`;
}
