import type { CapturedRow, CapturedValue } from './rows.ts';

/** What drift is measured of: one number or category a row. */
export interface Feature {
  /** `input.x[2]`, `input.image mean`, `output.y argmax`. */
  readonly name: string;
  readonly kind: 'numerical' | 'categorical';
  readonly values: readonly (number | string)[];
}

/** Columns of a tensor that are looked at one by one; of a wider one its rows' mean and spread are. */
const COLUMNS_MAX = 32;
/** Classes that an output may have for its greatest to count as the answer. */
const CLASSES_MAX = 1000;
const CATEGORIES_MAX = 50;
const FLOAT = /^(FP|BF)/;

interface Rows {
  readonly datatype: string;
  readonly rows: readonly (readonly CapturedValue[])[];
}

/** The features of captured answers, from `like` (the reference's) their kinds, so that both sides are told apart alike. */
export function featuresOf(captured: readonly CapturedRow[], like: readonly Feature[] = []): readonly Feature[] {
  const kinds = new Map(like.map(({ name, kind }) => [name, kind]));
  const columns = new Set(captured.flatMap((row) => Object.keys(row).filter((key) => key.endsWith('.datatype')).map((key) => key.slice(0, -'.datatype'.length))));
  return [...columns].flatMap((column) => ofTensor(column, rowsOfTensor(column, captured), kinds));
}

function rowsOfTensor(column: string, captured: readonly CapturedRow[]): Rows {
  const rows: (readonly CapturedValue[])[] = [];
  let datatype = '';
  for (const row of captured) {
    const values = row[column];
    const [count = 1] = (row[`${column}.shape`] ?? []) as number[];
    datatype = String(row[`${column}.datatype`]);
    if (!Array.isArray(values) || count <= 0) continue;
    const width = Math.floor(values.length / count);
    for (let one = 0; one < count && width > 0; one++) rows.push(values.slice(one * width, (one + 1) * width) as CapturedValue[]);
  }
  return { datatype, rows };
}

function ofTensor(column: string, { datatype, rows }: Rows, kinds: ReadonlyMap<string, Feature['kind']>): Feature[] {
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const feature = (name: string, values: readonly CapturedValue[], discrete = !FLOAT.test(datatype)): Feature => {
    const known = values.filter((value) => value !== null).map((value) => (typeof value === 'number' ? value : String(value)));
    const few = discrete && new Set(known).size <= CATEGORIES_MAX;
    const kind = kinds.get(name) ?? (few || known.some((value) => typeof value === 'string') ? 'categorical' : 'numerical');
    return { name, kind, values: kind === 'categorical' ? known.map(String) : known.filter((value) => typeof value === 'number') };
  };
  if (width === 0) return [];
  const features: Feature[] = [];
  if (width <= COLUMNS_MAX) for (let at = 0; at < width; at++) features.push(feature(width === 1 ? column : `${column}[${at}]`, rows.map((row) => row[at] ?? null)));
  else if (FLOAT.test(datatype) || rows.every((row) => row.every((value) => typeof value !== 'string'))) features.push(feature(`${column} mean`, rows.map(mean), false), feature(`${column} deviation`, rows.map(deviation), false));
  if (column.startsWith('output.') && FLOAT.test(datatype) && width > 1 && width <= CLASSES_MAX) features.push(feature(`${column} argmax`, rows.map(argmax), true));
  return features.map((one) => (one.name.endsWith(' argmax') ? { ...one, kind: 'categorical', values: one.values.map(String) } : one));
}

const numbersOf = (row: readonly CapturedValue[]): number[] => row.map(Number).filter(Number.isFinite);
function mean(row: readonly CapturedValue[]): number | null {
  const values = numbersOf(row);
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}
function deviation(row: readonly CapturedValue[]): number | null {
  const centre = mean(row);
  return centre === null ? null : Math.sqrt(mean(numbersOf(row).map((value) => (value - centre) ** 2)) ?? 0);
}
const argmax = (row: readonly CapturedValue[]): number => row.reduce<number>((best, value, at) => (Number(value) > Number(row[best]) ? at : best), 0);
