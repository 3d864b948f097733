import { LeptonError, type ServiceSpec } from '../core/index.ts';
import type { VersionState } from './plan/index.ts';
import type { ServiceState } from './state.ts';

/**
 * Refuses (PRECONDITION_FAILED) to move or delete a label that a service's traffic follows, unless the version that it
 * would point to is deployed and ready there: following it must never lead live traffic into nothing.
 */
export function checkLabelMove(services: Iterable<ServiceState>, states: (service: ServiceState) => ReadonlyMap<string, VersionState>, repository: string, label: string, toVersion: string | null): void {
  for (const service of services) {
    const follows = [service.desired?.spec, service.serving?.spec].some((spec) => spec && followsLabel(spec, repository, label));
    if (!service.desired || !follows) continue;
    if (toVersion === null) throw new LeptonError('PRECONDITION_FAILED', `traffic of service ${service.name} follows label ${label} of ${repository}; give the service other traffic before the label goes`);
    if (!service.desired.spec.deployments.some((deployment) => deployment.repository === repository && deployment.version === toVersion))
      throw new LeptonError('PRECONDITION_FAILED', `traffic of service ${service.name} follows label ${label}, and ${repository}:${toVersion} is not deployed there; deploy it first (lepton-ai deploy ${service.name} ${repository}:${toVersion})`);
    const asked = service.desired.spec.deployments.find((deployment) => deployment.version === toVersion)?.state;
    if (asked !== 'loaded') throw new LeptonError('PRECONDITION_FAILED', `traffic of service ${service.name} follows label ${label}, and ${repository}:${toVersion} is asked to be ${asked} there; load it first (lepton-ai load ${service.name}:${toVersion})`);
    const state = states(service).get(toVersion);
    if (state?.phase !== 'ready') throw new LeptonError('PRECONDITION_FAILED', `traffic of service ${service.name} follows label ${label}, and ${repository}:${toVersion} is ${state?.phase ?? 'not there'} (${state?.message ?? ''}); wait until it is ready`);
  }
}

const followsLabel = ({ traffic }: ServiceSpec, repository: string, label: string): boolean => traffic.kind === 'label' && traffic.repository === repository && traffic.label === label;
