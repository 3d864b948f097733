import { styleText, stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';

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

  /** Columns without rules, cut to the terminal's width; whole where there is no terminal. */
  table(head: readonly string[], rows: readonly (readonly Cell[])[]): void {
    const texts = rows.map((row) => row.map((cell) => harmless(plain(cell)).replace(/\s*\n\s*/g, ' ')));
    const widths = this.#widths(head, texts);
    const table = new Table({
      chars: { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
      style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
      colWidths: widths,
    });
    table.push(head.map((name) => this.#paint({ text: name.toUpperCase(), style: 'dim' }, Boolean(this.#options.stdout.isTTY))));
    rows.forEach((row, index) => table.push(row.map((cell, column) => this.#paint(restyle(cell, texts[index]?.[column] ?? ''), Boolean(this.#options.stdout.isTTY)))));
    this.#options.stdout.write(`${table.toString().split('\n').map((row) => row.trimEnd()).join('\n')}\n`);
  }

  /** Natural widths; the widest column gives way until the line fits. */
  #widths(head: readonly string[], texts: readonly (readonly string[])[]): number[] {
    const widths = head.map((name, column) => Math.max(name.length, 1, ...texts.map((row) => row[column]?.length ?? 0)));
    const available = this.#options.stdout.isTTY ? (this.#options.stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
    const total = (): number => widths.reduce((sum, width) => sum + width + 2, -2);
    while (total() > available && Math.max(...widths) > 8) widths[widths.indexOf(Math.max(...widths))] = Math.max(...widths) - 1;
    return widths;
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

const PHASE_STYLES: Readonly<Record<string, Style>> = { ready: 'green', failed: 'red', starting: 'cyan', pending: 'cyan', recovering: 'yellow', draining: 'yellow', warning: 'yellow', error: 'red', stopped: 'dim' };
/** A phase or severity in its colour. */
export const phaseCell = (phase: string): Cell => (PHASE_STYLES[phase] ? { text: phase, style: PHASE_STYLES[phase] } : phase);
