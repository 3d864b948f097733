import type { Clock, RoutingTable } from '../../core/index.ts';
import { type AnswerCall, type CallMessage, type DemandMessage, dial, type Frame, type FrameConnection, FrameType, type HelloAnswer, type ReplicaTrouble, type RoutingAck, type WakeMessage } from '../../wire/index.ts';

const PING_INTERVAL_MS = 1_000;
/** A gateway only moves bytes: without an answer for this long it hangs. */
const SILENT_MAX_MS = 5_000;

export interface GatewayLinkEvents {
  /** Acknowledgement or demand: what drains may be done. */
  readonly onNews: () => void;
  /** Demand was counted anew. */
  readonly onDemand: () => void;
  readonly onTrouble: (trouble: ReplicaTrouble) => void;
  readonly onWake: (wake: WakeMessage) => void;
  readonly answerCall: AnswerCall;
  /** Once: the connection is gone, or the gateway hangs. */
  readonly onLost: (why: string) => void;
}

/** Control's connection to one gateway. */
export class GatewayLink {
  readonly hello: HelloAnswer;
  /** Newest table that new requests read there; 0 before the first. */
  acknowledged = 0;
  demand: DemandMessage | null = null;
  readonly #connection: FrameConnection;
  readonly #clock: Clock;
  readonly #events: GatewayLinkEvents;
  readonly #timer: NodeJS.Timeout;
  #heardAt: number;
  #beatAt: number;
  #lost = false;

  constructor(connection: FrameConnection, hello: HelloAnswer, clock: Clock, events: GatewayLinkEvents) {
    this.hello = hello;
    this.#connection = connection;
    this.#clock = clock;
    this.#events = events;
    this.#heardAt = this.#beatAt = clock.monotonic();
    this.#timer = setInterval(() => this.#beat(), PING_INTERVAL_MS);
    this.#timer.unref();
    connection.handle({
      onFrame: (frame) => this.#receive(frame),
      onClose: (error) => this.#lose(error?.message ?? 'it closed the connection'),
    });
  }

  push(table: RoutingTable): void {
    this.#connection.send(FrameType.routingTable, 0, table);
  }

  askToStop(graceMs: number, reason: string): void {
    this.#connection.send(FrameType.stop, 0, { graceMs, reason });
  }

  /** Whether no request can be in flight here on a replica that is out of the table since `generation`. */
  hasLeft(replica: string, generation: number): boolean {
    if (this.acknowledged < generation || !this.demand || this.demand.generation < generation) return false;
    return !Object.hasOwn(this.demand.inFlight, replica) || this.demand.inFlight[replica] === 0;
  }

  /** Ends the connection without a word to the gateway; no event follows. */
  close(): void {
    this.#lost = true;
    clearInterval(this.#timer);
    this.#connection.destroy();
  }

  #receive(frame: Frame): void {
    const { type, header } = frame;
    this.#heardAt = this.#clock.monotonic();
    if (type === FrameType.routingAck) {
      this.acknowledged = (header as RoutingAck).generation;
      this.#events.onNews();
    } else if (type === FrameType.demand) {
      this.demand = header as DemandMessage;
      this.#events.onNews();
      this.#events.onDemand();
    } else if (type === FrameType.replicaTrouble) this.#events.onTrouble(header as ReplicaTrouble);
    else if (type === FrameType.wake) this.#events.onWake(header as WakeMessage);
    else if (type === FrameType.call) void this.#answer(frame);
  }

  async #answer({ id, header, body }: Frame): Promise<void> {
    const answer = await this.#events.answerCall(header as CallMessage, body);
    this.#connection.send(FrameType.callAnswer, id, { status: answer.status, headers: answer.headers }, [answer.body]);
  }

  #beat(): void {
    const now = this.#clock.monotonic();
    this.#forgiveOwnPause(now);
    const silentMs = now - this.#heardAt;
    if (silentMs > SILENT_MAX_MS) this.#lose(`no answer for ${Math.round(silentMs)} ms`);
    else this.#connection.send(FrameType.ping, 0);
  }

  /** When we were held up ourselves, answers wait unread in the socket: that silence is not the gateway's. */
  #forgiveOwnPause(now: number): void {
    const lateMs = now - this.#beatAt - PING_INTERVAL_MS;
    this.#beatAt = now;
    if (lateMs >= PING_INTERVAL_MS) this.#heardAt = Math.min(now, this.#heardAt + lateMs);
  }

  #lose(why: string): void {
    if (this.#lost) return;
    this.close();
    this.#events.onLost(why);
  }
}

/** Dials a gateway; rejects within the time-out. */
export async function linkGateway(target: { readonly socketPath: string; readonly token: string; readonly timeoutMs: number }, clock: Clock, events: GatewayLinkEvents): Promise<GatewayLink> {
  const { connection, answer } = await dial(target.socketPath, { role: 'control', token: target.token }, target.timeoutMs);
  return new GatewayLink(connection, answer, clock, events);
}
