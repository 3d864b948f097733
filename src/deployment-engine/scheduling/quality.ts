import type { DeploymentSpec } from '../../core/index.ts';

type Metadata = Readonly<Record<string, unknown>>;

/** What an answer is worth, and where that comes from. */
export interface KnownQuality {
  readonly value: number;
  /** In words. */
  readonly basis: string;
}

/** Metrics that say how good a version is, the first that all of a service's versions have is taken. */
export const QUALITY_METRICS = ['quality', 'accuracy', 'f1', 'auc', 'roc_auc', 'r2', 'precision', 'recall', 'score'] as const;
/** Groups of metadata in which metrics are looked for beside its top. */
const GROUPS = ['metrics', 'evaluation'] as const;

/** Quality of each deployment of one service, by version. `metadata`: of a version's manifest; undefined: not known. */
export function qualities(deployments: readonly DeploymentSpec[], metadata: (deployment: DeploymentSpec) => Metadata | undefined): ReadonlyMap<string, KnownQuality> {
  const open = deployments.filter(({ quality }) => quality === undefined);
  const common = QUALITY_METRICS.find((name) => open.length > 0 && open.every((deployment) => metric(metadata(deployment), name) !== null));
  return new Map(deployments.map((deployment) => [deployment.version, qualityOf(deployment, metadata(deployment), common)]));
}

function qualityOf({ quality }: DeploymentSpec, metadata: Metadata | undefined, common: string | undefined): KnownQuality {
  if (typeof quality === 'number') return { value: quality, basis: 'as the deployment says' };
  const name = quality ?? common;
  const value = name === undefined ? null : metric(metadata, name);
  if (name !== undefined && value !== null) return { value, basis: `${name} of its metadata` };
  if (quality !== undefined) return { value: 1, basis: `1, since its metadata has no number above 0 named ${JSON.stringify(quality)}` };
  return { value: 1, basis: '1, since the versions of the service have no metric in common' };
}

/** A number above 0; null: there is none. */
function metric(metadata: Metadata | undefined, name: string): number | null {
  for (const group of [metadata, ...GROUPS.map((group) => metadata && own(metadata, group))]) {
    const value = own(group, name);
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  }
  return null;
}

const own = (from: unknown, key: string): unknown => (typeof from === 'object' && from !== null && Object.hasOwn(from, key) ? (from as Metadata)[key] : undefined);
