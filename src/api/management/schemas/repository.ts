import { Type } from 'typebox';
import { DATATYPES, MODEL_FORMATS } from '../../../core/index.ts';
import { Bytes, closed, DigestText, FreeObject, mapOf, Name, nullable, Strings, Time } from './common.ts';

export const RepositoryInfo = closed(
  {
    name: Name,
    description: Type.String(),
    createdAt: Time,
    createdBy: Type.String(),
    versionCount: Type.Integer({ minimum: 0 }),
    latestVersion: nullable(Type.String(), 'The version published last.'),
    labels: mapOf(Type.String(), 'Label → version.'),
  },
  { title: 'Repository', description: 'The history of one model.' },
);

export const ArtefactFile = closed(
  { path: Type.String({ minLength: 1, maxLength: 1024, description: 'Relative, with `/`, without `.` or `..` parts.' }), digest: DigestText, size: Bytes('Bytes.') },
  { title: 'ArtefactFile' },
);

const TensorSpec = closed(
  {
    name: Type.String(),
    datatype: Type.Enum(DATATYPES),
    shape: Type.Array(Type.Integer(), { description: '-1: the request chooses.' }),
    dimensionNames: Type.Optional(Strings('Names of symbolic dimensions by position; empty: unnamed.')),
    untyped: Type.Optional(Type.Literal(true, { description: 'The model does not say what it takes or gives: any datatype and shape passes.' })),
  },
  { title: 'TensorSpec' },
);

export const Signature = closed({ inputs: Type.Array(TensorSpec), outputs: Type.Array(TensorSpec) }, { title: 'Signature', description: 'What a version takes and gives, read from the model itself.' });

export const BatchingHint = closed(
  {
    maxBatchSize: Type.Integer({ minimum: 0, description: 'Largest batch along the first dimension; 0 or 1: no batches.' }),
    preferred: Type.Optional(Type.Array(Type.Integer({ minimum: 1 }), { maxItems: 64 })),
    maxDelayMs: Type.Optional(Type.Number({ minimum: 0 })),
  },
  { title: 'BatchingHint' },
);

const VersionManifest = closed(
  {
    schema: Type.Literal(1),
    format: Type.Enum(MODEL_FORMATS),
    entry: Type.String({ description: 'The file that the runtime opens.' }),
    files: Type.Array(ArtefactFile),
    signature: Signature,
    batching: nullable(BatchingHint),
    metadata: FreeObject('Free facts: metrics of training, source, licence.'),
    model: FreeObject('Facts read from the artefact: producer, opset, IR version; of Python formats python and requirements.'),
    parent: nullable(DigestText),
  },
  { title: 'VersionManifest' },
);

export const Version = closed(
  {
    repository: Name,
    version: Name,
    digest: DigestText,
    manifest: VersionManifest,
    parentVersion: nullable(Type.String()),
    sizeBytes: Bytes('Sum of the files.'),
    createdAt: Time,
    createdBy: Type.String(),
  },
  { title: 'Version', description: 'Immutable; its digest is its identity.' },
);

export const Label = closed(
  { repository: Name, label: Name, version: Type.String(), digest: DigestText, movedAt: Time, movedBy: Type.String() },
  { title: 'Label', description: 'A movable pointer to a version.' },
);

export const HistoryEntry = closed(
  {
    at: Time,
    by: Type.String(),
    action: Type.Enum(['repository-created', 'version-published', 'version-deleted', 'label-moved', 'label-deleted']),
    version: nullable(Type.String()),
    label: nullable(Type.String()),
    before: nullable(Type.String(), 'For labels: the version that it pointed to before.'),
    digest: nullable(DigestText),
  },
  { title: 'HistoryEntry' },
);

const Change = Type.Enum(['added', 'removed', 'changed']);
export const VersionDiff = closed(
  {
    from: Type.String(),
    to: Type.String(),
    identical: Type.Boolean(),
    files: Type.Array(closed({ path: Type.String(), change: Change, from: Type.Optional(ArtefactFile), to: Type.Optional(ArtefactFile) })),
    signature: Type.Array(closed({ side: Type.Enum(['input', 'output']), name: Type.String(), change: Change, from: Type.Optional(Type.String()), to: Type.Optional(Type.String()) })),
    metadata: Type.Array(closed({ key: Type.String(), change: Change, from: Type.Optional(Type.Unknown()), to: Type.Optional(Type.Unknown()) })),
  },
  { title: 'VersionDiff' },
);

export const RepositoryCreate = closed(
  { name: Name, description: Type.Optional(Type.String({ maxLength: 1000 })), ifNotExists: Type.Optional(Type.Boolean({ description: 'An existing one is answered, not refused.' })) },
  { title: 'RepositoryCreate' },
);

export const VersionPublish = closed(
  {
    version: Name,
    files: Type.Array(ArtefactFile, { minItems: 1, maxItems: 4096, description: 'Their content must have been uploaded.' }),
    format: Type.Optional(Type.Enum(MODEL_FORMATS, { description: 'Absent: recognised from the files.' })),
    metadata: Type.Optional(FreeObject('At most 64 KiB of JSON.')),
    batching: Type.Optional(nullable(BatchingHint)),
    allowUnsafe: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'Why files are taken that would run code when they are loaded; kept in the metadata. Absent: they are refused.' })),
    parent: Type.Optional(nullable(Name, 'Version or label of the same repository; absent: the newest version; null: none.')),
    createRepository: Type.Optional(Type.Boolean({ description: 'Create the repository if it is not there.' })),
  },
  { title: 'VersionPublish' },
);

export const PublishResult = closed(
  { version: Version, created: Type.Boolean({ description: 'false: the same content was there under this name already.' }) },
  { title: 'PublishResult' },
);

export const LabelMove = closed(
  { version: Name, expect: Type.Optional(nullable(Name, 'Version that it must point to now, null: must not exist; otherwise CONFLICT.')) },
  { title: 'LabelMove' },
);

export const BlobsMissing = closed({ digests: Type.Array(DigestText, { maxItems: 4096 }) }, { title: 'BlobDigests' });
export const BlobsToSend = closed(
  {
    digests: Type.Array(DigestText, { description: 'Those that are not stored.' }),
    partial: Type.Array(closed({ digest: DigestText, offset: Bytes('Bytes that are here.') }, { title: 'PartialBlob' }), { description: 'Of those, the ones whose upload broke off: it can go on at `offset`.' }),
  },
  { title: 'BlobsToSend' },
);
export const BlobStored = closed({ digest: DigestText, size: Bytes('Bytes.'), created: Type.Boolean() }, { title: 'BlobStored' });

export const GcRequest = closed(
  { dryRun: Type.Optional(Type.Boolean()), graceMs: Type.Optional(Type.Integer({ minimum: 0, description: 'Younger files stay, since a push may be under way. Default one hour.' })) },
  { title: 'GcRequest' },
);
export const GcReport = closed(
  {
    dryRun: Type.Boolean(),
    removedBlobs: Type.Integer(),
    removedBytes: Type.Integer(),
    removedDirectories: Type.Integer(),
    keptBlobs: Type.Integer(),
    keptBytes: Type.Integer(),
    removedEnvironments: Type.Integer(),
    removedEnvironmentBytes: Type.Integer(),
    keptEnvironments: Type.Integer(),
  },
  { title: 'GcReport' },
);
export const FsckReport = closed(
  {
    versions: Type.Integer(),
    blobs: Type.Integer(),
    bytes: Type.Integer(),
    problems: Type.Array(
      closed({
        kind: Type.Enum(['blob-missing', 'blob-corrupt', 'blob-size', 'manifest-digest', 'manifest-unreadable', 'label-dangling', 'cached-file-corrupt']),
        digest: nullable(Type.String()),
        versions: Strings('`repository:version` of everything that is affected.'),
        message: Type.String(),
      }),
    ),
  },
  { title: 'FsckReport' },
);
