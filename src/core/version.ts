import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import type { Signature, Tensor } from './tensor.ts';

/** `sha256:` and 64 hexadecimal digits. */
export type Digest = `sha256:${string}`;
export const DIGEST_PATTERN = '^sha256:[0-9a-f]{64}$';

export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && new RegExp(DIGEST_PATTERN).test(value);
}

export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** One file of an artefact. `path` is relative, with `/`, without `.` or `..` parts. */
export interface ArtefactFile {
  readonly path: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** Bytes that files take in a store that keeps each content once. */
export const storageBytes = (files: readonly ArtefactFile[]): number => [...new Map(files.map(({ digest, size }) => [digest, size])).values()].reduce((sum, size) => sum + size, 0);

/** What a Python worker serves, each through an adapter in `python/src/lepton_ai_worker/adapters`. */
export const PYTHON_FORMATS = ['torchscript', 'torch-export', 'tensorflow', 'keras', 'sklearn', 'xgboost', 'lightgbm', 'python'] as const;
export type PythonFormat = (typeof PYTHON_FORMATS)[number];

/** How a version is served: `onnx` by a Node worker, the others by a Python worker. */
export const MODEL_FORMATS = ['onnx', ...PYTHON_FORMATS] as const;
export type ModelFormat = (typeof MODEL_FORMATS)[number];

export const isPythonFormat = (format: ModelFormat): format is PythonFormat => format !== 'onnx';

/** What a `config.pbtxt` or a push may say about batching. Absent: measured at load. */
export interface BatchingHint {
  /** Largest batch along the first dimension, also of one request; 1: the model takes no batches; 0: not declared, or it takes none. */
  readonly maxBatchSize: number;
  /** Whether signature shapes include the batch dimension (always true here; Triton's config leaves it out). */
  readonly preferred?: readonly number[];
  readonly maxDelayMs?: number;
}

/**
 * The manifest of a version. Its canonical JSON's SHA-256 is the version's identity, so it holds what the version *is*
 * and nothing about who named it when: the same content pushed twice has the same digest.
 */
export interface VersionManifest {
  readonly schema: 1;
  readonly format: ModelFormat;
  /** The file that the runtime opens; one of `files`. */
  readonly entry: string;
  /** Sorted by path. */
  readonly files: readonly ArtefactFile[];
  readonly signature: Signature;
  readonly batching: BatchingHint | null;
  /** Free facts: metrics of training, source, licence. JSON values, at most 64 KiB. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Facts read from the artefact: producer, opset and IR version of ONNX; `python` and `requirements` of Python formats. */
  readonly model: Readonly<Record<string, unknown>>;
  /** Digest of the version that this one came from. */
  readonly parent: Digest | null;
}

/** Metadata under which a version keeps the reason for which its unsafe files were allowed. */
export const ALLOW_UNSAFE_KEY = 'allowUnsafe';

/** Metadata under which an import keeps the `format` of a config.pbtxt's inputs: FORMAT_NCHW or FORMAT_NHWC by input. */
export const INPUT_FORMATS_KEY = 'inputFormats';

export function manifestDigest(manifest: VersionManifest): Digest {
  return digestOf(canonicalJson(manifest));
}

/** A version as the repository knows it. Immutable once it exists. */
export interface Version {
  readonly repository: string;
  readonly version: string;
  readonly digest: Digest;
  readonly manifest: VersionManifest;
  /** Name of the parent inside the same repository, when it still has one. */
  readonly parentVersion: string | null;
  /** Sum of the files' sizes, bytes. */
  readonly sizeBytes: number;
  readonly createdAt: string;
  readonly createdBy: string;
}

export interface RepositoryInfo {
  readonly name: string;
  readonly description: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly versionCount: number;
  readonly latestVersion: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Label {
  readonly repository: string;
  readonly label: string;
  readonly version: string;
  readonly digest: Digest;
  readonly movedAt: string;
  readonly movedBy: string;
}

/** One entry of a repository's history, newest first in listings. */
export interface HistoryEntry {
  readonly at: string;
  readonly by: string;
  readonly action: 'repository-created' | 'version-published' | 'version-deleted' | 'label-moved' | 'label-deleted';
  readonly version: string | null;
  readonly label: string | null;
  /** For labels: the version that it pointed to before. */
  readonly before: string | null;
  readonly digest: Digest | null;
}

/** Difference of two versions. */
export interface VersionDiff {
  readonly from: string;
  readonly to: string;
  readonly identical: boolean;
  readonly files: readonly { readonly path: string; readonly change: 'added' | 'removed' | 'changed'; readonly from?: ArtefactFile; readonly to?: ArtefactFile }[];
  readonly signature: readonly { readonly side: 'input' | 'output'; readonly name: string; readonly change: 'added' | 'removed' | 'changed'; readonly from?: string; readonly to?: string }[];
  readonly metadata: readonly { readonly key: string; readonly change: 'added' | 'removed' | 'changed'; readonly from?: unknown; readonly to?: unknown }[];
}

/**
 * A known answer: inputs, and the outputs that the version must give for them. A version that carries any (file
 * `lepton-examples.json` in the artefact, written by `push --example`) becomes ready only if it answers them.
 */
export interface KnownAnswer {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Largest |difference| allowed, absolute plus relative to the expected value. */
  readonly tolerance: number;
}
