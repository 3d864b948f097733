import type { Command } from 'commander';
import type { HostIsolation, IsolationReport, ServiceStatus, VersionStatus } from '../../../clients/typescript/src/index.ts';
import { clientConfig, localPlatformConfig } from '../../config/index.ts';
import { action, type CliContext, command, contextFor, contextOf, type GlobalOptions, outputOf } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { findPlatform } from '../local/local-platform.ts';
import type { LocalPlatform } from '../local/state-file.ts';
import { type Cell, formatBytes, formatMs, formatTime, phaseCell } from '../output.ts';
import { trafficNow, trafficText } from './traffic.ts';

const services = (): Command =>
  command('services', 'List the services, or the revisions of one.', ['services', 'services --revisions my-service'])
    .option('--revisions <service>', 'list this service’s revisions')
    .action(
      action<{ revisions?: string }>(async ({ client, out }, _arguments, options) => {
        if (options.revisions !== undefined) {
          const revisions = await client.listRevisions(options.revisions);
          return out.result(revisions, () =>
            out.table(
              ['revision', 'versions', 'traffic', 'created', 'by', 'reason'],
              revisions.map((one) => [one.revision, one.spec.deployments.map(({ version }) => version).join(', '), trafficText(one), formatTime(one.createdAt), one.createdBy, one.reason]),
              { below: 'reason', drop: ['by', 'created'] },
            ),
          );
        }
        const list = await client.listServices();
        out.result(list, () => servicesTable(out, list));
      }),
    );

const status = (): Command =>
  command('status [service]', 'Show what is true now: of the platform, or of a service version by version.', ['status', 'status my-service', 'status my-service --json'])
    .argument('[service]')
    .action(async (name: string | undefined, _options: unknown, self: Command) => {
      const { context, local } = await observed(self);
      if (name === undefined) return platformStatus(context, local);
      const service = await context.client.getService(name);
      context.out.result(service, () => showService(context, service));
    });

/** As for every command, but looking starts nothing. */
async function observed(self: Command): Promise<{ context: CliContext; local: LocalPlatform | null }> {
  const options = self.optsWithGlobals<GlobalOptions>();
  const { url, user } = clientConfig(options);
  if (url !== undefined) return { context: await contextOf(self), local: null };
  const found = await findPlatform(localPlatformConfig());
  if (!found) throw new CliError('no platform runs', ExitCode.unreachable, 'lepton-ai start starts one in the background, and so does every command that needs one; or name a server with --url or LEPTON_URL');
  return { context: contextFor(found.url, user, outputOf(options)), local: found.local };
}

async function platformStatus({ client, out }: CliContext, local: LocalPlatform | null): Promise<void> {
  const [platform, list] = await Promise.all([client.status(), client.listServices()]);
  out.result({ ...platform, services: list, local }, () => {
    out.paragraph(`lepton-ai ${platform.platformVersion} at ${platform.httpUrl ?? client.url}${platform.grpcAddress ? `, gRPC ${platform.grpcAddress}` : ''}, up ${duration(platform.uptimeSeconds)}`);
    out.paragraph(`data in ${platform.dataDirectory} (${platform.database}); ${platform.counts.repositories} repositories, ${platform.counts.versions} versions, ${platform.counts.services} services, ${platform.counts.replicasReady} replicas ready`);
    out.paragraph(`workers are isolated as to ${enforcedText(platform.isolation)}`);
    isolationLines(platform.isolation, '').forEach((text) => void out.paragraph(text, 'yellow'));
    if (local) out.paragraph(`in the background as pid ${local.pid}, log ${local.logFile}; lepton-ai stop ends it`);
    if (list.length === 0) return;
    out.line();
    servicesTable(out, list);
  });
}

function servicesTable(out: CliContext['out'], list: readonly ServiceStatus[]): void {
  out.table(
    ['service', 'state', 'revision', 'versions', 'traffic', 'message'],
    list.map((service) => [service.name, stateCell(service), service.revision, service.versions.map(({ version, phase }) => (phase === 'ready' ? version : `${version} (${phase})`)).join(', '), trafficNow(service), conditionMessage(service)]),
    { below: 'message', drop: ['revision'] },
  );
}

const holds = (service: ServiceStatus, type: 'Ready' | 'Progressing' | 'Degraded') => service.conditions.find((condition) => condition.type === type && condition.status);

function stateCell(service: ServiceStatus): Cell {
  if (holds(service, 'Degraded')) return { text: 'degraded', style: 'red' };
  if (holds(service, 'Progressing')) return { text: 'progressing', style: 'cyan' };
  if (service.conditions.some(({ type, reason }) => type === 'Ready' && reason === 'AllVersionsResting')) return { text: 'at rest', style: 'dim' };
  return holds(service, 'Ready') ? { text: 'ready', style: 'green' } : { text: 'not ready', style: 'yellow' };
}

const conditionMessage = (service: ServiceStatus): string => (holds(service, 'Degraded') ?? holds(service, 'Progressing'))?.message ?? '';

function showService({ out }: CliContext, service: ServiceStatus): void {
  out.line({ text: service.name, style: 'bold' }, '  ', stateCell(service), `  revision ${service.revision}${service.servingRevision === service.revision ? '' : `, serving ${service.servingRevision ?? 'none'}`}`);
  out.paragraph(`traffic: ${trafficNow(service)}`);
  const degraded = holds(service, 'Degraded');
  // A version that failed says why in its own row.
  if (degraded && !service.versions.some(({ phase, message }) => phase !== 'ready' && message)) out.paragraph(degraded.message, 'red');
  for (const version of service.versions) {
    const lines = version.replicas.flatMap(({ isolation }) => (isolation ? isolationLines(isolation, ` in ${version.version}`) : []));
    for (const text of new Set([...lines, ...version.warnings.map((warning) => `${version.version}: ${warning}`)])) out.paragraph(text, 'yellow');
  }
  out.line();
  out.table(['version', 'phase', 'weight', 'replicas', 'priority', 'requests', 'failures', 'queue', 'p50', 'p99', 'cpu', 'memory', 'message'], service.versions.map(versionRow), { below: 'message', drop: ['priority', 'queue', 'memory', 'failures', 'p50', 'cpu'] });
}

/** What holds on this host and by what: `cpu, memory (cgroup v1); network (namespace)`. */
function enforcedText(report: HostIsolation): string {
  const held = Object.entries(report).filter(([, { enforced }]) => enforced);
  return [...Map.groupBy(held, ([, { by }]) => by)].map(([by, slots]) => `${slots.map(([slot]) => slot).join(', ')} (${by})`).join('; ') || 'nothing';
}

/** What workers are not kept from, with the reason; the same reason once. */
function isolationLines(report: IsolationReport | HostIsolation, of: string): string[] {
  const open = Object.entries(report).filter(([, { enforced }]) => !enforced);
  return [...Map.groupBy(open, ([, { reason }]) => reason)].map(([reason, slots]) => `not isolated${of}: ${slots.map(([slot]) => slot).join(', ')} (${reason})`);
}

function versionRow(version: VersionStatus): Cell[] {
  const ready = version.replicas.filter(({ phase }) => phase === 'ready');
  const memory = version.replicas.reduce((sum, { residentBytes }) => sum + (residentBytes ?? 0), 0);
  const { demand } = version;
  return [
    version.version,
    phaseCell(version.phase),
    `${version.weight} %`,
    `${ready.length}/${version.replicasDesired}`,
    version.priority,
    demand?.requests ?? 0,
    demand?.failures ?? 0,
    demand?.queueLength ?? 0,
    formatMs(demand?.latencyP50Ms),
    formatMs(demand?.latencyP99Ms),
    cpuText(version),
    memory ? formatBytes(memory) : '-',
    [version.phase === 'ready' ? '' : version.reason, version.phase === 'ready' && version.state === 'warm' ? 'warm: only requests that name it' : '', version.message, strain(version)].filter(Boolean).join(': '),
  ];
}

/** CPU of one request; what nobody has measured here has a mark. */
const cpuText = ({ needs: { cpuSecondsPerRequest, basis } }: VersionStatus): string => `${basis === 'observed' || basis === 'measured' ? '' : '~'}${formatMs(cpuSecondsPerRequest * 1000)}`;

/** What its limits do to a version, where they do. */
function strain({ outOfMemory, replicas }: VersionStatus): string {
  const throttled = replicas.reduce((sum, { throttledSeconds }) => sum + (throttledSeconds ?? 0), 0);
  return [outOfMemory ? `${outOfMemory} ended for want of memory` : '', throttled >= 1 ? `waited ${duration(throttled)} for its CPU quota` : ''].filter(Boolean).join(', ');
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

export const statusCommands = (): readonly Command[] => [services(), status()];
