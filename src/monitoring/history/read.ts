import { LeptonError } from '../../core/index.ts';
import { Sample } from '../samples/index.ts';
import { type SeriesPieces, unpackHour } from './blobs.ts';
import { type HistoryMetricName, histogramsOf, metricOf, type Period } from './metrics.ts';
import type { HistoryTotals } from './messages.ts';
import { HOUR, MINUTE, type Piece } from './open-minutes.ts';
import { type HistoryAnswer, type HistoryQuery, type HistorySeries, planQuery, type QueryPlan, type TotalsQuery, VALUES_MAX } from './query.ts';
import type { Series } from './series-table.ts';
import type { HistoryStore } from './store.ts';

/** Pieces that one question may read: what keeps the history's thread from its writing for a second or two. */
const PIECES_MAX = 1_000_000;
/** For so many seconds a sampled value holds. */
const HOLDS = 3;

interface Group {
  readonly service: string;
  readonly version: string | null;
  readonly members: readonly Series[];
}

/** Answers a question. Throws INVALID_ARGUMENT when it asks for too much. */
export function readHistory(store: HistoryStore, query: HistoryQuery, now: number): HistoryAnswer {
  const plan = planQuery(query, now);
  const all = store.series.list(query.service);
  const groups = groupsOf(all, query);
  const values = groups.length * query.metrics.length * plan.points;
  if (values > VALUES_MAX) throw new LeptonError('INVALID_ARGUMENT', `the answer would have ${values} values, at most ${VALUES_MAX} are given: ask for fewer versions or metrics, or a larger step`);
  const pieces = new PieceReader(store, plan, new Set(all.map(({ id }) => id)));
  const shares = query.metrics.includes('traffic_share');
  const serviceRequests = shares ? requestsByService(all, pieces, plan) : new Map<string, Float64Array>();
  const series = groups.flatMap((group) => seriesOf(group, pieces.of(group.members), query.metrics, plan, serviceRequests.get(group.service)));
  return { from: plan.from, to: plan.to, step: plan.step, series };
}

/** All that versions did in a window. Throws as `readHistory`. */
export function readTotals(store: HistoryStore, query: TotalsQuery, now: number): HistoryTotals {
  const plan = planQuery({ ...query, step: 0 }, now);
  const wanted = store.series.list(query.service).filter(({ version }) => query.versions.includes(version));
  const pieces = new PieceReader(store, plan, new Set(wanted.map(({ id }) => id)));
  const samples = new Map<string, Uint8Array>();
  for (const series of wanted) forEachStep(pieces.of([series]), plan, null, ({ sample }) => void samples.set(series.version, sample.encode()));
  return { from: plan.from, to: plan.to, samples };
}

function groupsOf(all: readonly Series[], { by, versions }: HistoryQuery): Group[] {
  const wanted = versions === null ? all : all.filter(({ version }) => versions.includes(version));
  if (by === 'version') return wanted.map((one) => ({ service: one.service, version: one.version, members: [one] }));
  return [...Map.groupBy(wanted, ({ service }) => service)].map(([service, members]) => ({ service, version: null, members }));
}

/** Reads pieces of series within the plan's window, of the coarsest tier that its step allows. */
class PieceReader {
  readonly #store: HistoryStore;
  readonly #plan: QueryPlan;
  readonly #wanted: ReadonlySet<number>;
  #seconds: SeriesPieces | null = null;
  #read = 0;

  constructor(store: HistoryStore, plan: QueryPlan, wanted: ReadonlySet<number>) {
    this.#store = store;
    this.#plan = plan;
    this.#wanted = wanted;
  }

  /** In order of time, each with the series that it is of. */
  of(members: readonly Series[]): readonly (readonly Piece[])[] {
    return members.map(({ id }) => {
      const found = this.#plan.tier === 'seconds' ? this.#ofSeconds(id) : [...this.#stored(id), ...this.#store.open.pieces(id, this.#plan.from, this.#plan.to)].sort((a, b) => a.at - b.at);
      if (this.#plan.tier !== 'seconds') this.#count(found.length);
      return found;
    });
  }

  #count(read: number): void {
    this.#read += read;
    if (this.#read > PIECES_MAX) throw new LeptonError('INVALID_ARGUMENT', `more than ${PIECES_MAX} samples would have to be read: ask for one service, a shorter window or a step of whole minutes or hours`);
  }

  #stored(series: number): Piece[] {
    const { tier, from, to } = this.#plan;
    const rows = this.#store.database.prepare(`SELECT hour, data FROM ${tier} WHERE series = ? AND hour > ? AND hour < ? ORDER BY hour`).all(series, from - HOUR, to) as { hour: number; data: Uint8Array }[];
    if (tier === 'hours') return rows.map(({ hour, data }) => ({ at: hour, bytes: data }));
    return rows.flatMap(({ hour, data }) => unpackHour(data).map((bytes, minute) => ({ at: hour + minute * MINUTE, bytes }))).filter(({ at, bytes }) => bytes.length > 0 && at >= from && at < to);
  }

  #ofSeconds(series: number): readonly Piece[] {
    this.#seconds ??= this.#store.seconds.read(this.#plan.from, this.#plan.to, this.#wanted, (pieces) => this.#count(pieces));
    return this.#seconds.get(series) ?? [];
  }
}

function requestsByService(all: readonly Series[], pieces: PieceReader, plan: QueryPlan): Map<string, Float64Array> {
  const found = new Map<string, Float64Array>();
  for (const [service, members] of Map.groupBy(all, (one) => one.service)) {
    const counts = new Float64Array(plan.points);
    forEachStep(pieces.of(members), plan, new Set(), ({ step, sample }) => void (counts[step] = sample.get('succeeded') + sample.get('failed')));
    found.set(service, counts);
  }
  return found;
}

function seriesOf({ service, version }: Group, pieces: readonly (readonly Piece[])[], metrics: readonly HistoryMetricName[], plan: QueryPlan, serviceRequests: Float64Array | undefined): HistorySeries[] {
  const values = metrics.map(() => new Array<number | null>(plan.points).fill(null));
  forEachStep(pieces, plan, histogramsOf(metrics), ({ step, sample, members }) => {
    const period: Period = { sample, seconds: plan.step, members, serviceRequests: serviceRequests?.[step] ?? 0 };
    metrics.forEach((metric, index) => ((values[index] as (number | null)[])[step] = metricOf(metric).value(period)));
  });
  return metrics.map((metric, index) => {
    const found = values[index] as (number | null)[];
    return { service, version, metric, unit: metricOf(metric).unit, values: metricOf(metric).sampled && plan.step < HOLDS ? held(found, Math.floor(HOLDS / plan.step)) : found };
  });
}

/** Calls for each step of which something is known, in order; the sample is written over by the next. */
function forEachStep(bySeries: readonly (readonly Piece[])[], { from, step }: QueryPlan, histograms: ReadonlySet<number> | null, visit: (found: { readonly step: number; readonly sample: Sample; readonly members: number }) => void): void {
  const sample = new Sample();
  const at = bySeries.map(() => 0);
  for (;;) {
    const next = Math.min(...bySeries.map((pieces, index) => pieces[at[index] as number]?.at ?? Number.POSITIVE_INFINITY));
    if (!Number.isFinite(next)) return;
    const number = Math.floor((next - from) / step);
    const end = from + (number + 1) * step;
    sample.reset();
    let members = 0;
    bySeries.forEach((pieces, index) => {
      const start = at[index] as number;
      let position = start;
      for (let piece = pieces[position]; piece && piece.at < end; piece = pieces[++position]) sample.addEncoded(piece.bytes, histograms);
      if (position > start) members++;
      at[index] = position;
    });
    visit({ step: number, sample, members });
  }
}

function held(values: readonly (number | null)[], steps: number): (number | null)[] {
  return values.map((value, index) => value ?? values.slice(Math.max(0, index - steps), index).findLast((one) => one !== null) ?? null);
}
