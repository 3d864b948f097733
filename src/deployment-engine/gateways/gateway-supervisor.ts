/**
 * Keeps the gateways running, told and listened to.
 *
 *   start: adopt what runs with our settings, end what does not ──▶ spawn what is missing ──▶ linked
 *     ▲                                                                                        │ dead or hung
 *     └──── at once; with back-off when it dies young again and again ◀────────────────────────┘
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Clock, type EventSink, LeptonError, type RoutingTable } from '../../core/index.ts';
import type { Row } from '../../database/index.ts';
import { type AnswerCall, dial, type ListeningPorts, type ReplicaTrouble, type VersionDemand, type WakeMessage } from '../../wire/index.ts';
import type { Log } from '../log.ts';
import type { EngineStore } from '../store.ts';
import { type PlatformGroups, readProcess, tailLog } from '../targets/index.ts';
import { type GatewayLink, linkGateway } from './gateway-link.ts';
import { GatewayProcess, type GatewaySettings, newGatewayRow, spawnGateway } from './gateway-process.ts';

export interface SupervisorDependencies {
  readonly store: EngineStore;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Log;
  readonly runDirectory: string;
  /** null: this host's control groups are not used. */
  readonly groups: PlatformGroups | null;
  readonly logDirectory: string;
  readonly settings: GatewaySettings;
  readonly onNews: () => void;
  /** A gateway has counted anew. */
  readonly onDemand: () => void;
  readonly onTrouble: (trouble: ReplicaTrouble) => void;
  readonly onWake: (wake: WakeMessage) => void;
  readonly answerCall: AnswerCall;
}

const START_TIMEOUT_MS = 20_000;
const DIAL_TIMEOUT_MS = 2_000;
const DIAL_PAUSE_MS = 10;
/** A gateway that was just being started when control died is up after this, or never. */
const UNRECORDED_WAIT_MS = 3_000;
/** A gateway that lived this long was well; its end starts no back-off. */
const YOUNG_MS = 5_000;
const RESTART_PAUSE_MAX_MS = 10_000;
/** Young deaths in a row that are answered at once: every pause is an outage. */
const RESTARTS_AT_ONCE = 5;
const EXIT_PORT_IN_USE = 3;
const KILL_MARGIN_MS = 1_000;
/** Of a failed gateway's last words, in our error. */
const SAID_BYTES_MAX = 2_000;

interface Gateway {
  process: GatewayProcess;
  link: GatewayLink | null;
  startedAt: number;
  /** Deaths in a row before it had lived for `YOUNG_MS`. */
  youngDeaths: number;
}

export class GatewaySupervisor {
  readonly #dependencies: SupervisorDependencies;
  /** One now; the rest of the engine does not know how many. */
  readonly #gateways: Gateway[] = [];
  #settings: GatewaySettings;
  #table: RoutingTable | null = null;
  #ports: ListeningPorts | null = null;
  #stopping = false;
  /** Has not answered yet. */
  #starting: Gateway | null = null;
  #writes: Promise<unknown> = Promise.resolve();

  constructor(dependencies: SupervisorDependencies) {
    this.#dependencies = dependencies;
    this.#settings = dependencies.settings;
  }

  /** Where clients connect; null before a gateway has said so. */
  get ports(): ListeningPorts | null {
    return this.#ports;
  }

  /** Resolves when a gateway listens; rejects with PRECONDITION_FAILED when it can't (a port in use). */
  async start(): Promise<void> {
    for (const row of await this.#dependencies.store.gatewayRows()) await this.#adopt(row);
    if (!this.#gateways.length) this.#enlist(await this.#spawn(0));
  }

  push(table: RoutingTable): void {
    this.#table = table;
    for (const gateway of this.#gateways) gateway.link?.push(table);
  }

  /** Whether no gateway can have a request in flight on a replica that left the table at `generation`. A dead gateway has none. */
  hasLeft(replica: string, generation: number): boolean {
    return this.#gateways.every((gateway) => (gateway.link ? gateway.link.hasLeft(replica, generation) : !gateway.process.alive));
  }

  /** Whether every gateway routes new requests by this table or a later one. */
  follows(generation: number): boolean {
    return this.#gateways.every((gateway) => (gateway.link ? gateway.link.acknowledged >= generation : !gateway.process.alive));
  }

  get pids(): readonly number[] {
    return this.#gateways.flatMap(({ process }) => process.row.pid ?? []);
  }

  /** What is asked of each version, over all gateways. */
  demands(): readonly VersionDemand[] {
    return this.#gateways.flatMap((gateway) => gateway.link?.demand?.versions ?? []);
  }

  /** Those that run. */
  processes(): readonly { readonly pid: number; readonly startTime: string }[] {
    return this.#gateways.flatMap(({ process: { row } }) => (row.pid === null ? [] : [{ pid: row.pid, startTime: row.pid_start_time ?? '' }]));
  }

  /** Requests in flight on a replica, over all gateways. */
  inFlight(replica: string): number {
    return this.#gateways.reduce((sum, { link }) => sum + (link?.demand?.inFlight[replica] ?? 0), 0);
  }

  /** Asks gateways to finish what is in flight and leave. Resolves when they are gone, also while the database does not answer. */
  async stop(graceMs: number, reason: string): Promise<void> {
    this.#stopping = true;
    const gateways = this.#starting ? [...this.#gateways, this.#starting] : this.#gateways.slice();
    await Promise.all(gateways.map((gateway) => this.#end(gateway, graceMs, reason)));
    this.#gateways.length = 0;
    this.#writes = Promise.all(gateways.map((gateway) => this.#forgetLater(gateway.process)));
  }

  /** Resolves when what `stop` had to write is written or has failed. */
  async flush(): Promise<void> {
    await this.#writes;
  }

  /** Lets go of them; they serve on. */
  detach(): void {
    this.#stopping = true;
    for (const gateway of this.#gateways) {
      gateway.link?.close();
      gateway.process.unref();
    }
  }

  async #stopOne(gateway: Gateway, graceMs: number, reason: string): Promise<void> {
    await this.#end(gateway, graceMs, reason);
    await this.#forget(gateway.process);
  }

  async #end(gateway: Gateway, graceMs: number, reason: string): Promise<void> {
    if (gateway.link) gateway.link.askToStop(graceMs, reason);
    else gateway.process.signal('SIGTERM');
    if (!(await gateway.process.goneWithin(graceMs + KILL_MARGIN_MS))) await gateway.process.kill();
    gateway.link?.close();
  }

  /** Never rejects: a row that stays names a dead process, which the next start notices. */
  async #forgetLater(process: GatewayProcess): Promise<void> {
    await this.#forget(process).catch((error) => this.#dependencies.log.error({ err: error }, 'gateway could not be forgotten'));
  }

  async #forget(process: GatewayProcess): Promise<void> {
    await process.removeFiles();
    await this.#dependencies.store.deleteGateway(process.row.id);
  }

  /** Takes over a gateway of an earlier control process if it serves what we would and is to stay; ends it otherwise. */
  async #adopt(stored: Row<'gateways'>): Promise<void> {
    const row = stored.pid === null ? await findUnrecorded(stored) : stored;
    const process = new GatewayProcess(row);
    const gateway: Gateway = { process, link: null, startedAt: this.#dependencies.clock.monotonic(), youngDeaths: 0 };
    const fits = this.#gateways.length === 0 && sameButForItsName(row.config, this.#settings);
    if (!process.alive || !fits || !(await this.#link(gateway).then(() => true, () => false))) return this.#stopOne(gateway, DIAL_TIMEOUT_MS, 'its settings are not those of the platform');
    if (gateway.link?.hello.stopping) return this.#stopOne(gateway, DIAL_TIMEOUT_MS, 'it is leaving already');
    if (row !== stored) await this.#dependencies.store.saveGateway(row);
    this.#watch(gateway);
    this.#enlist(gateway);
    this.#tell('info', 'GatewayAdopted', `gateway ${row.id} (process ${row.pid}) still runs and was taken over`);
  }

  async #spawn(youngDeaths: number): Promise<Gateway> {
    const { store, clock, runDirectory, groups } = this.#dependencies;
    const row = newGatewayRow(runDirectory, this.#dependencies.settings, new Date(clock.now()).toISOString());
    // The data plane comes first: a gateway is started although the database can't note it, and noted when it can.
    await store.saveGateway(row).catch((error) => this.#dependencies.log.error({ err: error }, 'gateway could not be written'));
    const logStart = fileSize(this.#logFile);
    const process = await spawnGateway(row, this.#settings, this.#logFile, groups?.gateway()?.joinFiles);
    const gateway: Gateway = { process, link: null, startedAt: clock.monotonic(), youngDeaths };
    void store.saveGateway(process.row).catch((error) => this.#dependencies.log.error({ err: error }, 'gateway could not be written'));
    this.#starting = gateway;
    await this.#linkNew(gateway, logStart).finally(() => (this.#starting = null));
    this.#watch(gateway);
    this.#tell('info', 'GatewayStarted', `gateway ${row.id} (process ${process.row.pid}) listens on ${this.#ports ? `${this.#ports.http.host}:${this.#ports.http.port}` : 'its ports'}`);
    return gateway;
  }

  /** Dials until the program answers or is gone; then says what it wrote from `logStart` on. */
  async #linkNew(gateway: Gateway, logStart: number): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (gateway.process.alive && performance.now() < deadline) {
      try {
        return await this.#link(gateway);
      } catch {
        await wait(DIAL_PAUSE_MS);
      }
    }
    const { exitCode } = gateway.process;
    await gateway.process.kill();
    await this.#forgetLater(gateway.process);
    // One byte more: a tail starts after its first line end, here that of the line before.
    const said = tailLog(this.#logFile, Math.min(SAID_BYTES_MAX, 1 + fileSize(this.#logFile) - logStart)).trim();
    const why = exitCode === EXIT_PORT_IN_USE ? 'an address is in use' : exitCode === null ? `no answer within ${START_TIMEOUT_MS} ms` : `exit code ${exitCode}`;
    throw new LeptonError('PRECONDITION_FAILED', `the gateway did not start: ${why}${said ? `: ${said}` : ''}`, { details: { exitCode } });
  }

  async #link(gateway: Gateway): Promise<void> {
    const { socket_path: socketPath, token } = gateway.process.row;
    const link = await linkGateway({ socketPath, token, timeoutMs: DIAL_TIMEOUT_MS }, this.#dependencies.clock, {
      onNews: this.#dependencies.onNews,
      onDemand: this.#dependencies.onDemand,
      onTrouble: this.#dependencies.onTrouble,
      onWake: this.#dependencies.onWake,
      answerCall: this.#dependencies.answerCall,
      onLost: (why) => void this.#lost(gateway, why),
    });
    gateway.link = link;
    this.#takePorts(link);
  }

  /** The next gateway must come back on the same ports, also where any free one was asked for. */
  #takePorts(link: GatewayLink): void {
    const { ports } = link.hello;
    if (!ports) return;
    this.#ports = ports;
    this.#settings = { ...this.#dependencies.settings, http: ports.http, grpc: ports.grpc };
  }

  /** From here on it gets every table, the newest first. */
  #enlist(gateway: Gateway): void {
    this.#gateways.push(gateway);
    if (this.#table) gateway.link?.push(this.#table);
  }

  #watch(gateway: Gateway): void {
    gateway.process.onExit(() => {
      gateway.link?.close();
      void this.#lost(gateway, `it ended with exit code ${gateway.process.exitCode ?? 'none (a signal)'}`);
    });
  }

  /** A gateway is dead, hung or silent: the next one takes its place. */
  async #lost(gateway: Gateway, why: string): Promise<void> {
    const index = this.#gateways.indexOf(gateway);
    if (this.#stopping || index === -1) return;
    this.#gateways.splice(index, 1);
    this.#tell('error', 'GatewayLost', `gateway ${gateway.process.row.id} is lost: ${why}; another is started`);
    await gateway.process.kill();
    this.#dependencies.onNews();
    const young = this.#dependencies.clock.monotonic() - gateway.startedAt < YOUNG_MS;
    await this.#replace(young ? gateway.youngDeaths + 1 : 0);
    await this.#forgetLater(gateway.process);
  }

  async #replace(youngDeaths: number): Promise<void> {
    for (let deaths = youngDeaths; !this.#stopping; deaths++) {
      if (deaths > RESTARTS_AT_ONCE) await wait(Math.min(RESTART_PAUSE_MAX_MS, 100 * 2 ** Math.min(deaths - RESTARTS_AT_ONCE, 10)), undefined, { ref: false });
      try {
        const gateway = await this.#spawn(deaths);
        if (this.#stopping) return void (await this.#stopOne(gateway, 0, 'the platform is stopping'));
        this.#enlist(gateway);
        // It may have died between its hello and now.
        if (!gateway.process.alive) void this.#lost(gateway, 'it ended right after its start');
        return;
      } catch (error) {
        this.#tell('error', 'GatewayFailed', (error as Error).message);
      }
    }
  }

  #tell(severity: 'info' | 'error', reason: string, message: string): void {
    this.#dependencies.events.record({ severity, reason, message, actor: 'engine' });
    this.#dependencies.log[severity]({ reason }, message);
  }

  get #logFile(): string {
    return join(this.#dependencies.logDirectory, 'gateway.log');
  }
}

/**
 * Control may have died between starting a gateway and noting its process. Such a one holds our ports, so it must be
 * found: it tells its process itself. Its configuration was written before it started.
 */
async function findUnrecorded(row: Row<'gateways'>): Promise<Row<'gateways'>> {
  for (const deadline = performance.now() + UNRECORDED_WAIT_MS; existsSync(row.config_path) && performance.now() < deadline; await wait(DIAL_PAUSE_MS)) {
    const found = await dial(row.socket_path, { role: 'control', token: row.token }, DIAL_TIMEOUT_MS).catch(() => null);
    found?.connection.destroy();
    if (found) return { ...row, pid: found.answer.pid, pid_start_time: readProcess(found.answer.pid)?.startTime ?? '' };
  }
  return row;
}

const fileSize = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** What a gateway calls itself is not worth an outage: the next one that starts has the new name. */
function sameButForItsName(config: string, settings: GatewaySettings): boolean {
  const { serverName } = settings;
  const running = JSON.parse(config) as GatewaySettings;
  return JSON.stringify(serverName === undefined ? running : { ...running, serverName }) === JSON.stringify(settings);
}
