import type { Readable } from 'node:stream';
import type { ArtefactFile, BatchingHint, Digest, EnvironmentSpec, HistoryEntry, Label, ModelFormat, RepositoryInfo, Signature, Version, VersionDiff } from '../core/index.ts';

export interface PublishInput {
  readonly repository: string;
  readonly version: string;
  readonly files: readonly ArtefactFile[];
  /** Absent: recognised from the files. */
  readonly format?: ModelFormat;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly batching?: BatchingHint | null;
  /** Version name or label in the same repository; absent: the newest version; null: none. */
  readonly parent?: string | null;
  /** Why files are taken that would run code when they are loaded; kept in the metadata as `allowUnsafe`. Absent: they are refused. */
  readonly allowUnsafe?: string;
  readonly by: string;
  /** Create the repository if it is not there. */
  readonly createRepository?: boolean;
}

export interface PublishResult {
  readonly version: Version;
  /** false: the same content was there under this name already; nothing changed. */
  readonly created: boolean;
}

export interface GcReport {
  readonly dryRun: boolean;
  readonly removedBlobs: number;
  readonly removedBytes: number;
  readonly removedDirectories: number;
  readonly keptBlobs: number;
  readonly keptBytes: number;
}

export interface FsckProblem {
  readonly kind: 'blob-missing' | 'blob-corrupt' | 'blob-size' | 'manifest-digest' | 'manifest-unreadable' | 'label-dangling' | 'cached-file-corrupt';
  readonly digest: string | null;
  /** `repository:version` of everything that is affected. */
  readonly versions: readonly string[];
  readonly message: string;
}
export interface FsckReport {
  readonly versions: number;
  readonly blobs: number;
  readonly bytes: number;
  readonly problems: readonly FsckProblem[];
}

/** Says no (throws PRECONDITION_FAILED or IN_USE) before a label moves; the engine provides it. */
export type LabelGuard = (repository: string, label: string, toVersion: string | null) => Promise<void>;

/** What the inspection of an artefact finds; made in a process of its own, since the files are not trusted. */
export interface Inspection {
  readonly format: ModelFormat;
  readonly entry: string;
  readonly signature: Signature;
  readonly model: Readonly<Record<string, unknown>>;
  /** Of formats that can run code when they are loaded; absent for others. */
  readonly findings?: readonly UnsafeFinding[];
}

/** Something in a file that would run code when it is loaded. */
export interface UnsafeFinding {
  readonly file: string;
  /** `module.name`; null where the file can't be read. */
  readonly global: string | null;
  /** `dangerous`: known to do harm; `suspicious`: nothing that the format needs. */
  readonly severity: 'dangerous' | 'suspicious' | 'unreadable';
  readonly message: string;
}

/** At most `limit` (1 to 1000) whose names come after `after`. */
export interface RepositoryPage {
  readonly after?: string;
  readonly limit?: number;
}

/** Those published after and before the named ones. At most `limit` (1 to 1000): the oldest of them with `after`, else the newest. */
export interface VersionPage {
  readonly after?: string;
  readonly before?: string;
  readonly limit?: number;
}

/** The history of models. All methods reject with LeptonError; names are checked before anything is touched. */
export interface ModelRepository {
  createRepository(name: string, options: { by: string; description?: string; ifNotExists?: boolean }): Promise<RepositoryInfo>;
  getRepository(name: string): Promise<RepositoryInfo>;
  /** By name. */
  listRepositories(page?: RepositoryPage): Promise<readonly RepositoryInfo[]>;
  count(): Promise<{ readonly repositories: number; readonly versions: number }>;
  /** Refused with IN_USE while any of its versions is pinned. */
  deleteRepository(name: string, options: { by: string }): Promise<void>;

  /** Which of these are not stored. */
  missingBlobs(digests: readonly Digest[]): Promise<readonly Digest[]>;
  /** Uploads of these that broke off, with the number of bytes that came; others are left out. */
  partialBlobs(digests: readonly Digest[]): Promise<readonly { digest: Digest; offset: number }[]>;
  /**
   * Stores a file once, verifying digest and size as it streams; atomic; the same content again is a no-op. `offset`: the content is the
   * rest of an upload of which just that many bytes came, else CONFLICT.
   */
  putBlob(digest: Digest, content: Readable, options?: { offset?: number }): Promise<{ size: number; created: boolean }>;
  openBlob(digest: Digest): Promise<{ size: number; content: Readable }>;

  /** Verifies the artefact, then makes it visible in one transaction. */
  publish(input: PublishInput): Promise<PublishResult>;
  /** Stores a local directory's (or single file's) content and publishes it. */
  publishDirectory(directory: string, input: Omit<PublishInput, 'files'>): Promise<PublishResult>;

  /** The Python environments that versions need, each with the versions that do (`repository:version`). */
  requiredEnvironments(): Promise<readonly { readonly spec: EnvironmentSpec; readonly versions: readonly string[] }[]>;
  /** By version name or label. */
  getVersion(repository: string, versionOrLabel: string): Promise<Version>;
  /** Oldest first. */
  listVersions(repository: string, page?: VersionPage): Promise<readonly Version[]>;
  /** Refused with IN_USE while pinned or labelled. */
  deleteVersion(repository: string, version: string, options: { by: string }): Promise<void>;
  /** Newest first. */
  history(repository: string, options?: { limit?: number }): Promise<readonly HistoryEntry[]>;
  diff(repository: string, from: string, to: string): Promise<VersionDiff>;

  listLabels(repository: string): Promise<readonly Label[]>;
  /** `expect`: version that the label must point to now (null: not exist), else CONFLICT. */
  moveLabel(repository: string, label: string, version: string, options: { by: string; expect?: string | null }): Promise<Label>;
  deleteLabel(repository: string, label: string, options: { by: string }): Promise<void>;
  setLabelGuard(guard: LabelGuard): void;
  /** Called after a label moved or went. */
  onLabelChange(listener: (repository: string, label: string) => void): void;

  /** Replaces the set of versions that `holder` (`service:NAME`) needs; throws VERSION_NOT_FOUND and changes nothing if one is gone. */
  setPins(holder: string, references: readonly { repository: string; version: string }[]): Promise<void>;
  /** Who holds it: `service:NAME`. */
  pinsOf(repository: string, version: string): Promise<readonly string[]>;

  /** A directory with the version's files, ready to be loaded (hard links to blobs, made once, atomically). CORRUPT if a blob is missing. */
  materialise(digest: Digest): Promise<string>;

  /** Removes blobs and directories that no version reaches; younger ones than `graceMs` (default 1 h) stay, since a push may be under way. */
  gc(options?: { dryRun?: boolean; graceMs?: number }): Promise<GcReport>;
  /** Reads everything back and compares digests. */
  fsck(options?: { onProgress?: (done: number, total: number) => void }): Promise<FsckReport>;
}
