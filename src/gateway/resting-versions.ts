import type { DataPlane } from '../api/inference/index.ts';
import { isResting, type RoutingTable } from '../core/index.ts';

/**
 * A table without the versions that are asked to take no more requests and did until now; null: there are none. Put in
 * force just before the table itself, it lets what they were given already be answered, as when a version is undeployed;
 * only requests that come afterwards meet the refusal.
 */
export function withoutNewlyResting(table: RoutingTable, plane: DataPlane): RoutingTable | null {
  const taking = new Set([...plane.lanes()].filter(({ route }) => !isResting(route.phase)).map(({ service, route }) => JSON.stringify([service, route.version])));
  const rests = (service: string, version: RoutingTable['services'][number]['versions'][number]): boolean => isResting(version.phase) && taking.has(JSON.stringify([service, version.version]));
  if (!table.services.some(({ service, versions }) => versions.some((version) => rests(service, version)))) return null;
  return { ...table, services: table.services.map((route) => ({ ...route, versions: route.versions.filter((version) => !rests(route.service, version)) })) };
}
