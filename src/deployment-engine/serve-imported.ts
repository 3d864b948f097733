import { asLeptonError, type BatchingHint, formatReference } from '../core/index.ts';
import type { DeploymentEngine, DeploymentInput } from './types.ts';

/** A model whose versions are in the repository of its name. */
export interface ImportedModelFacts {
  readonly name: string;
  /** Oldest first. */
  readonly versions: readonly string[];
  /** The one of them that gets the traffic; null: none may. */
  readonly answering: string | null;
  /** null: one. */
  readonly replicas: number | null;
  readonly batching: BatchingHint | null;
  /** null: the default. */
  readonly queueLengthMax: number | null;
}

/**
 * Makes a service of an imported model: every version deployed, one with all traffic, the others reached by name.
 * A service that is there keeps what it has and gets the missing versions, dark. Resolves with what went wrong, in words.
 */
export async function serveImported(engine: DeploymentEngine, model: ImportedModelFacts, by: string): Promise<readonly string[]> {
  const context = { by, reason: 'imported' };
  try {
    const deployed = await deployedVersions(engine, model.name);
    if (deployed) {
      for (const version of model.versions) if (!deployed.has(version)) await engine.deploy(model.name, deploymentOf(model, version), context);
    } else if (model.answering === null) {
      return [`service ${model.name}: no version that may answer requests without a version was imported, so it is not made`];
    } else {
      const deployments = model.versions.map((version) => deploymentOf(model, version));
      await engine.apply({ name: model.name, deployments, traffic: { weights: { [model.answering]: 100 } } }, context);
    }
    return [];
  } catch (error) {
    return [`service ${model.name}: ${asLeptonError(error).message}`];
  }
}

async function deployedVersions(engine: DeploymentEngine, name: string): Promise<ReadonlySet<string> | null> {
  try {
    return new Set((await engine.getService(name)).spec.deployments.map((deployment) => deployment.version));
  } catch (error) {
    if (asLeptonError(error).code === 'SERVICE_NOT_FOUND') return null;
    throw error;
  }
}

function deploymentOf({ name, replicas, batching, queueLengthMax }: ImportedModelFacts, version: string): DeploymentInput {
  const maxDelayMs = batching?.maxDelayMs ?? 0;
  const settings = { ...(maxDelayMs > 0 ? { maxDelayMs } : {}), ...(queueLengthMax === null ? {} : { queueLengthMax }) };
  return { version: formatReference(name, version), ...(replicas === null ? {} : { replicas: Math.min(64, Math.max(1, replicas)) }), batching: settings };
}
