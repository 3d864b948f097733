const [WIDTH, LABELS, VALUES, ROW, BAR] = [1160, 510, 190, 24, 14] as const;
const TRACK = WIDTH - LABELS - VALUES;
const [LEFT, RIGHT, CHART, STEPS] = [80, 190, 200, 4] as const;

/** Where bars begin and how long the longest is, for marks at a share of it. */
export const BARS = { from: LABELS, length: TRACK } as const;

export interface Line {
  readonly label: string;
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
const short = (value: number): string => (value === 0 ? '0' : Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3))));

/** A picture as SVG, from top to bottom, without scripts or fonts of its own: headings, rows of bars, charts of lines. */
export class Sheet {
  readonly #parts: string[] = [];
  height = 16;

  heading(text: string): void {
    this.height += 20;
    this.#text(16, this.height, text, 'font-weight="bold"');
    this.height += 12;
  }

  /** A bar of a share, from 0 to 1, of the longest. */
  row(label: string, share: number, value: string, colour: string): void {
    const width = Math.max(1, Math.min(1, Number.isFinite(share) ? share : 1) * TRACK);
    const middle = this.height + ROW / 2;
    this.#text(LABELS - 10, middle + 4, label, 'text-anchor="end"');
    this.#parts.push(`<rect x="${LABELS}" y="${middle - BAR / 2}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${colour}"/>`);
    this.#text(LABELS + width + 8, middle + 4, value, 'fill="#3b4454"');
    this.height += ROW;
  }

  rule(x: number, from: number, to: number): void {
    this.#parts.push(`<line x1="${x}" x2="${x}" y1="${from}" y2="${to}" stroke="#1d2430" stroke-dasharray="4 3"/>`);
  }

  /** Lines over one axis, from zero, with their names beside their ends. */
  lines(lines: readonly Line[], { unit, xUnit }: { readonly unit: string; readonly xUnit: string }): void {
    const points = lines.flatMap((line) => line.points);
    const [xMin, xMax] = [Math.min(...points.map(([x]) => x)), Math.max(...points.map(([x]) => x))];
    const yMax = Math.max(1e-9, ...points.map(([, y]) => y));
    const [top, bottom, width] = [this.height + 14, this.height + 14 + CHART, WIDTH - LEFT - RIGHT];
    const at = ([x, y]: readonly [number, number]): string => `${(LEFT + ((x - xMin) / Math.max(1e-9, xMax - xMin)) * width).toFixed(1)},${(bottom - (y / yMax) * CHART).toFixed(1)}`;
    for (let step = 0; step <= STEPS; step++) {
      const y = bottom - (step / STEPS) * CHART;
      this.#parts.push(`<line x1="${LEFT}" x2="${LEFT + width}" y1="${y}" y2="${y}" stroke="#e3e7ee"/>`);
      this.#text(LEFT - 8, y + 4, `${short((yMax * step) / STEPS)}${step === STEPS ? ` ${unit}` : ''}`, 'text-anchor="end" fill="#5b6575"');
      this.#text(LEFT + (step / STEPS) * width, bottom + 18, `${short(xMin + ((xMax - xMin) * step) / STEPS)} ${xUnit}`, 'text-anchor="middle" fill="#5b6575"');
    }
    lines.forEach(({ label, colour, points: own }, index) => {
      this.#parts.push(`<polyline points="${own.map(at).join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`);
      this.#text(LEFT + width + 12, top + 12 + index * 18, label, `fill="${colour}" font-weight="bold"`);
    });
    this.height = bottom + 28;
  }

  note(text: string): void {
    this.height += 26;
    this.#text(16, this.height, text, 'fill="#5b6575"');
    this.height += 14;
  }

  toString(): string {
    const opening = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${this.height}" width="${WIDTH}" height="${this.height}" font-family="system-ui, sans-serif" font-size="12" fill="#1d2430">`;
    return [opening, `<rect width="${WIDTH}" height="${this.height}" fill="#ffffff"/>`, ...this.#parts, '</svg>', ''].join('\n');
  }

  #text(x: number, y: number, text: string, attributes: string): void {
    this.#parts.push(`<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escaped(text)}</text>`);
  }
}
