import type { Command } from 'commander';
import type { DeploymentInput } from '../../../clients/typescript/src/index.ts';
import { action, command, decimalNumber, referenceOf, replicaCount, wholeNumber } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { type SchedulingFlags, schedulingInput, schedulingOptions } from '../scheduling-options.ts';
import { type ChangeFlags, changeOptions, finishChange, requestOptions } from '../waiting.ts';

interface DeploymentFlags extends SchedulingFlags {
  readonly service?: string;
  readonly replicas?: DeploymentInput['replicas'];
  readonly idleSeconds?: number;
  readonly threads?: number;
  readonly memory?: string;
  readonly cpus?: number;
  readonly pids?: number;
  readonly network?: boolean;
  readonly storage?: string;
  readonly maxBatch?: number;
  readonly maxDelay?: number;
  readonly queueLength?: number;
}

function deploymentOptions(of: Command): Command {
  return schedulingOptions(of
    .option('--service <name>', 'the service; default: the name of the repository')
    .option('--replicas <count>', 'running copies: 2, or 1..4; 0..1: none while nobody asks', replicaCount)
    .option('--idle-seconds <seconds>', 'with --replicas 0..N: leave memory after so long without a request; default 300', wholeNumber)
    .option('--threads <count>', 'threads of one run', wholeNumber)
    .option('--memory <size>', 'most memory of one replica, for example 512MiB; more ends it')
    .option('--cpus <cores>', 'most CPU of one replica, for example 0.5', decimalNumber)
    .option('--pids <count>', 'most processes and threads of one replica; default 512', wholeNumber)
    .option('--network', "it may use the machine's network (default: it has none)")
    .option('--no-network', 'it may not, where it might before')
    .option('--storage <size>', 'bytes of temporary files and caches, for example 2GiB (default: 1GiB)')
    .option('--max-batch <rows>', 'largest batch; 1: never batch; default: measured', wholeNumber)
    .option('--max-delay <ms>', 'longest wait of a request for company; default 0', decimalNumber)
    .option('--queue-length <count>', 'most requests that may wait', wholeNumber));
}

function deploymentOf(reference: string, flags: DeploymentFlags): DeploymentInput {
  const resources = defined({ threads: flags.threads, memory: flags.memory, cpus: flags.cpus, pids: flags.pids, network: flags.network, storage: flags.storage });
  const batching = defined({ maxBatch: flags.maxBatch, maxDelayMs: flags.maxDelay, queueLengthMax: flags.queueLength });
  return {
    version: reference,
    ...defined({ replicas: replicasOf(flags) }),
    ...schedulingInput(flags),
    ...(Object.keys(resources).length ? { resources } : {}),
    ...(Object.keys(batching).length ? { batching } : {}),
  };
}

/** Whether an idle time makes sense is the server's to say, but without a range there is nothing to say it with. */
function replicasOf({ replicas, idleSeconds }: Pick<DeploymentFlags, 'replicas' | 'idleSeconds'>): DeploymentInput['replicas'] {
  if (idleSeconds === undefined) return replicas;
  if (typeof replicas !== 'object') throw new CliError('--idle-seconds needs a range of replicas that begins at 0: --replicas 0..1', ExitCode.usage);
  return { ...replicas, idleSeconds };
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };
/** Without what is undefined. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;
}

const deploy = (): Command =>
  changeOptions(
    deploymentOptions(
      command('deploy <repository:version>', 'Run a version in a service. The first gets all traffic, a further one is dark unless --weight is given.', [
        'deploy my-model:v1.0 --service my-service',
        'deploy my-model:v1.1 --service my-service --weight 10 --replicas 2',
      ]),
    )
      .argument('<reference>')
      .option('--weight <percent>', 'its share of the traffic; the others give it up in proportion', decimalNumber),
  ).action(
    action<DeploymentFlags & ChangeFlags & { weight?: number }>(async (context, [reference = ''], flags) => {
      const { repository } = referenceOf(reference);
      const options = { ...requestOptions(flags), ...defined({ weight: flags.weight }) };
      await finishChange(context, await context.client.deploy(flags.service ?? repository, deploymentOf(reference, flags), options), flags);
    }),
  );

const update = (): Command =>
  changeOptions(
    deploymentOptions(
      command('update <repository:version>', 'Put a version in the place of another: the new one is ready before the old one goes.', ['update my-model:v1.2 --service my-service', 'update my-model:v1.2 --service my-service --from v1.1']),
    )
      .argument('<reference>')
      .option('--from <version>', 'the version to replace; default: the only one, or the one with all traffic'),
  ).action(
    action<DeploymentFlags & ChangeFlags & { from?: string }>(async (context, [reference = ''], flags) => {
      const { repository } = referenceOf(reference);
      const options = { ...requestOptions(flags), ...defined({ from: flags.from }) };
      await finishChange(context, await context.client.update(flags.service ?? repository, deploymentOf(reference, flags), options), flags);
    }),
  );

const undeploy = (): Command =>
  changeOptions(
    command('undeploy <service> [version]', 'Remove a version from a service, or with --all the whole service.', ['undeploy my-service v1.0', 'undeploy my-service --all'])
      .argument('<service>')
      .argument('[version]')
      .option('--all', 'the whole service')
      .option('--force', 'also while the version has traffic'),
  ).action(
    action<ChangeFlags & { all?: boolean; force?: boolean }>(async (context, [service = '', version], flags) => {
      if ((version === undefined) === !flags.all) throw new CliError('name a version, or --all for the whole service', ExitCode.usage);
      const options = { ...requestOptions(flags), ...defined({ force: flags.force }) };
      await finishChange(context, await context.client.undeploy(service, version ?? null, options), flags);
    }),
  );

const rollback = (): Command =>
  changeOptions(
    command('rollback <service> [revision]', 'Return to an earlier revision; default: the one before the current.', ['rollback my-service', 'rollback my-service 3', 'services --revisions my-service']).argument('<service>').argument('[revision]', '', wholeNumber),
    { dryRun: false },
  ).action(
    action<ChangeFlags>(async (context, [service = '', revision], flags) => {
      const { dryRun: _none, ...options } = requestOptions(flags);
      await finishChange(context, await context.client.rollback(service, revision === undefined ? null : wholeNumber(revision), options), flags);
    }),
  );

const schedule = (): Command =>
  changeOptions(
    schedulingOptions(
      command('schedule <service> <version>', 'Change what the scheduler goes by: a version’s priority, replicas and objectives.', ['schedule my-service v1.1 --priority 5 --replicas 1..4', 'schedule my-service v1.1 --latency 50ms@0.99 --served-min 0.5'])
        .argument('<service>')
        .argument('<version>')
        .option('--replicas <count>', '2, or 1..4; 0..1: none while nobody asks', replicaCount)
        .option('--idle-seconds <seconds>', 'with --replicas 0..N: leave memory after so long without a request; default 300', wholeNumber),
    ),
    { dryRun: false },
  ).action(
    action<ChangeFlags & SchedulingFlags & Pick<DeploymentFlags, 'replicas' | 'idleSeconds'>>(async (context, [service = '', version = ''], flags) => {
      const change = { ...defined({ replicas: replicasOf(flags) }), ...schedulingInput(flags) };
      if (Object.keys(change).length === 0) throw new CliError('nothing to change: give --priority, --replicas, --quality, --latency, --served-min, --placement or --apart-from', ExitCode.usage);
      const { dryRun: _none, ...options } = requestOptions(flags);
      await finishChange(context, await context.client.schedule(service, version, change, options), flags);
    }),
  );

export const serviceCommands = (): readonly Command[] => [deploy(), update(), undeploy(), rollback(), schedule()];
