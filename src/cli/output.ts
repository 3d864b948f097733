import { styleText, stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import { layOut, type Narrow, wrapWords } from './columns.ts';

type Style = 'green' | 'red' | 'yellow' | 'cyan' | 'dim' | 'bold';
/** Text, or text with a style that shows on a terminal only. */
export type Cell = string | number | null | undefined | { readonly text: string; readonly style: Style };

export interface OutputOptions {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Colours are wanted where there is a terminal. */
  readonly colours: boolean;
  readonly json: boolean;
}

/** Text from elsewhere, with everything taken out that could steer a terminal or turn the direction of writing. */
export function harmless(text: string): string {
  return stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '');
}

/** Results on stdout, all else on stderr; in JSON mode stdout has exactly one JSON value (or one a line when following). */
export class Output {
  readonly json: boolean;
  readonly interactive: boolean;
  readonly #options: OutputOptions;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.json = options.json;
    this.interactive = Boolean(options.stderr.isTTY) && !options.json;
  }

  /** The whole result as JSON, or as `show` prints it for people. */
  result(value: unknown, show: () => void): void {
    if (this.json) this.#options.stdout.write(`${printableJson(value, 2)}\n`);
    else show();
  }

  /** One of a stream of results. */
  item(value: unknown, show: () => void): void {
    if (this.json) this.#options.stdout.write(`${printableJson(value)}\n`);
    else show();
  }

  line(...cells: Cell[]): void {
    this.#options.stdout.write(`${cells.map((cell) => this.#paint(cell, Boolean(this.#options.stdout.isTTY))).join('')}\n`);
  }

  /** What goes on meanwhile; nothing in JSON mode. */
  note(...cells: Cell[]): void {
    if (!this.json) this.#options.stderr.write(`${cells.map((cell) => this.#paint(cell, Boolean(this.#options.stderr.isTTY))).join('')}\n`);
  }

  /** Always, on stderr. */
  problem(...cells: Cell[]): void {
    this.#options.stderr.write(`${cells.map((cell) => this.#paint(cell, Boolean(this.#options.stderr.isTTY))).join('')}\n`);
  }

  /** As it is: a log's bytes, without what could steer the terminal. */
  text(text: string): void {
    this.#options.stdout.write(harmless(text));
  }

  /** A longer text of one style, broken between words at the terminal's width. */
  paragraph(text: string, style?: Style): void {
    for (const line of wrapWords(text, this.#width())) this.line(style ? { text: line, style } : line);
  }

  /** Columns without rules, fitted to the terminal's width as `narrow` says; whole where there is no terminal. */
  table(head: readonly string[], rows: readonly (readonly Cell[])[], narrow: Narrow = {}): void {
    const texts = rows.map((row) => row.map((cell) => harmless(plain(cell)).replace(/\s*\n\s*/g, ' ')));
    const { columns, below } = layOut(head, texts, this.#width(), narrow);
    const table = new Table({
      chars: { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
      style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
      colWidths: columns.map(({ width }) => width),
    });
    const terminal = Boolean(this.#options.stdout.isTTY);
    table.push(columns.map(({ index }) => this.#paint({ text: head[index]?.toUpperCase() ?? '', style: 'dim' }, terminal)));
    rows.forEach((row, at) => table.push(columns.map(({ index }) => this.#paint(restyle(row[index], texts[at]?.[index] ?? ''), terminal))));
    table.toString().split('\n').forEach((line, at) => {
      this.#options.stdout.write(`${line.trimEnd()}\n`);
      const text = at === 0 || below < 0 ? '' : (texts[at - 1]?.[below] ?? '');
      if (text && text !== '-') for (const part of wrapWords(text, Math.max(1, this.#width() - 2))) this.line(`  ${part}`);
    });
  }

  #width(): number {
    return this.#options.stdout.isTTY ? (this.#options.stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
  }

  #paint(cell: Cell, terminal: boolean): string {
    const text = harmless(plain(cell));
    if (typeof cell !== 'object' || cell === null || !terminal || !this.#options.colours) return text;
    return styleText(cell.style, text, { validateStream: false });
  }
}

const plain = (cell: Cell): string => (cell === null || cell === undefined ? '-' : typeof cell === 'object' ? cell.text : String(cell));
const restyle = (cell: Cell, text: string): Cell => (typeof cell === 'object' && cell !== null ? { ...cell, text } : text);

/** JSON that cannot steer a terminal either. */
function printableJson(value: unknown, indent?: number): string {
  return (JSON.stringify(value, null, indent) ?? 'null').replace(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '-';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

export const formatMs = (milliseconds: number | null | undefined): string => (milliseconds === null || milliseconds === undefined ? '-' : milliseconds >= 100 ? `${Math.round(milliseconds)} ms` : `${milliseconds.toPrecision(2)} ms`);
export const formatTime = (iso: string): string => iso.replace('T', ' ').replace(/\.\d+Z$|Z$/, '');
export const shortDigest = (digest: string): string => digest.replace('sha256:', '').slice(0, 12);

const PHASE_STYLES: Readonly<Record<string, Style>> = { ready: 'green', failed: 'red', starting: 'cyan', pending: 'cyan', recovering: 'yellow', asleep: 'dim', waking: 'cyan', draining: 'yellow', drained: 'dim', unloaded: 'dim', warning: 'yellow', error: 'red', stopped: 'dim' };
/** A phase or severity in its colour. */
export const phaseCell = (phase: string): Cell => (PHASE_STYLES[phase] ? { text: phase, style: PHASE_STYLES[phase] } : phase);
