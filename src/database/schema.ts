/**
 * The tables of the whole platform, as Kysely sees them. The same on both engines: text for JSON and for times (ISO 8601,
 * UTC, so that text order is time order), 64-bit integers for whole numbers, doubles for others. `migrations.ts` creates them.
 */
import type { Generated, Insertable, Selectable } from 'kysely';

export interface RepositoriesTable {
  name: string;
  description: string;
  created_at: string;
  created_by: string;
}

export interface VersionsTable {
  /** Order of publication. */
  sequence: Generated<number>;
  repository: string;
  version: string;
  /** SHA-256 of `manifest`: `sha256:…`. Not unique: the same content may have several names. */
  digest: string;
  /** Canonical JSON of the VersionManifest; its bytes are what `digest` is of. */
  manifest: string;
  /** Name of the parent in the same repository; null: none, or deleted since. */
  parent_version: string | null;
  size_bytes: number;
  created_at: string;
  created_by: string;
}

/** Which version reaches which blob; derived from the manifest at publication, for garbage collection. */
export interface VersionFilesTable {
  repository: string;
  version: string;
  path: string;
  /** Of the blob. */
  digest: string;
  size_bytes: number;
}

export interface LabelsTable {
  repository: string;
  label: string;
  version: string;
  moved_at: string;
  moved_by: string;
}

export interface RepositoryHistoryTable {
  id: Generated<number>;
  repository: string;
  at: string;
  actor: string;
  /** `HistoryEntry['action']`. */
  action: string;
  version: string | null;
  label: string | null;
  before: string | null;
  digest: string | null;
}

/** Versions that somebody needs: they can't be deleted. Replaced per holder (`service:NAME`). */
export interface PinsTable {
  holder: string;
  repository: string;
  version: string;
}

export interface ServicesTable {
  name: string;
  created_at: string;
  updated_at: string;
  /** Newest revision asked for. */
  revision: number;
  /** JSON, the engine's own. */
  status: string;
}

export interface ServiceRevisionsTable {
  service: string;
  revision: number;
  /** JSON of the ServiceSpec. */
  spec: string;
  created_at: string;
  created_by: string;
  reason: string;
}

export interface ReplicasTable {
  id: string;
  service: string;
  version: string;
  repository: string;
  digest: string;
  phase: string;
  reason: string;
  message: string;
  pid: number | null;
  /** Tells a process from a later one with the same pid. */
  pid_start_time: string | null;
  token: string;
  socket_path: string;
  config_path: string;
  attempt: number;
  created_at: string;
  updated_at: string;
  /** JSON of the LoadProfile. */
  profile: string | null;
}

export interface GatewaysTable {
  id: string;
  pid: number | null;
  pid_start_time: string | null;
  socket_path: string;
  token: string;
  config_path: string;
  /** JSON, the supervisor's own: addresses and limits that it was started with. */
  config: string;
  created_at: string;
}

/** Numbers that only grow, across restarts: `routing-generation`, `feedback-removed`. */
export interface CountersTable {
  name: string;
  value: number;
}

export interface EventsTable {
  id: Generated<number>;
  at: string;
  severity: string;
  reason: string;
  message: string;
  actor: string;
  repository: string | null;
  service: string | null;
  version: string | null;
  replica: string | null;
  before: string | null;
  after: string | null;
}

/** Made once, for this platform alone: `prediction-key`. */
export interface PlatformSecretsTable {
  name: string;
  value: string;
}

/** What prediction ids refer to. Kept for ever, so that ids of what is long gone still say whose they were. */
export interface PredictionSourcesTable {
  serial: Generated<number>;
  service: string;
  repository: string;
  version: string;
  digest: string;
  created_at: string;
}

/** The newest feedback, one row a prediction. */
export interface FeedbackTable {
  id: Generated<number>;
  prediction_id: string;
  /** Serial. */
  source: number;
  predicted_at: string;
  received_at: string;
  reward: number | null;
  /** JSON. */
  label: string | null;
  /** 1: the answer was right, 0: it was wrong. */
  correct: number | null;
  comment: string | null;
  /** JSON. */
  metadata: string | null;
  key: string | null;
}

/** All feedback ever accepted, by source: also what is no longer in `feedback`. */
export interface FeedbackTotalsTable {
  source: number;
  entries: number;
  /** Entries with a reward. */
  rewards: number;
  reward_sum: number;
  /** Of the squared distances from the mean, summed. */
  reward_squares: number;
  /** Entries with a label. */
  labels: number;
  /** Entries that say whether the answer was right. */
  judged: number;
  correct: number;
  first_at: string;
  last_at: string;
}

/** What versions need, by class of host and threads: measured at load, and as serving was seen to cost. Kept with the content, whatever its names. */
export interface VersionProfilesTable {
  digest: string;
  host_class: string;
  threads: number;
  /** JSON of a MeasuredProfile. */
  measured: string | null;
  /** JSON of an ObservedProfile. */
  observed: string | null;
  updated_at: string;
}

export interface AlertRulesTable {
  name: string;
  /** JSON of an AlertRule. */
  spec: string;
  /** Signs the rule's webhook; null: it has none. */
  secret: string | null;
  created_at: string;
  updated_at: string;
  updated_by: string;
}
/** What a rule says of a version; none: inactive, and never anything else. */
export interface AlertStatesTable {
  rule: string;
  service: string;
  version: string;
  state: string;
  since: string;
  value: number | null;
  /** 1: the webhook has not taken the last change yet. */
  untold: number;
}

/** The scheduler's plans that changed something, with what they were decided from. */
export interface PlansTable {
  id: Generated<number>;
  at: string;
  trigger: string;
  /** JSON: sentences. */
  changes: string;
  method: string;
  objective: number;
  solve_ms: number;
  conflicts: number;
  /** JSON of the SchedulerInput; a limit that isn't there is "Infinity". */
  input: string;
  /** JSON of the SchedulePlan without its programs. */
  plan: string;
}

export interface CaptureRulesTable {
  service: string;
  /** JSON of a CaptureRule. */
  spec: string;
  updated_at: string;
  updated_by: string;
}

export interface Schema {
  repositories: RepositoriesTable;
  versions: VersionsTable;
  version_files: VersionFilesTable;
  labels: LabelsTable;
  repository_history: RepositoryHistoryTable;
  pins: PinsTable;
  services: ServicesTable;
  service_revisions: ServiceRevisionsTable;
  replicas: ReplicasTable;
  gateways: GatewaysTable;
  counters: CountersTable;
  events: EventsTable;
  platform_secrets: PlatformSecretsTable;
  prediction_sources: PredictionSourcesTable;
  feedback: FeedbackTable;
  feedback_totals: FeedbackTotalsTable;
  version_profiles: VersionProfilesTable;
  plans: PlansTable;
  alert_rules: AlertRulesTable;
  alert_states: AlertStatesTable;
  capture_rules: CaptureRulesTable;
}

export type Row<Table extends keyof Schema> = Selectable<Schema[Table]>;
export type NewRow<Table extends keyof Schema> = Insertable<Schema[Table]>;
