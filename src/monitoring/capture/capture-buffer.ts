import type { Tensor } from '../../core/index.ts';
import type { CapturedAnswer, CapturedTensor, CaptureReport, CaptureRule } from './rule.ts';

const BYTES_MAX = 8 * 2 ** 20;
const ANSWERS_MAX = 2_000;

interface Active {
  readonly rule: CaptureRule;
  readonly untilMs: number;
  readonly redact: ReadonlySet<string>;
  second: number;
  taken: number;
}

interface Copied {
  readonly at: number;
  readonly service: string;
  readonly version: string;
  readonly predictionId: string;
  readonly inputs: readonly CopiedTensor[];
  readonly outputs: readonly CopiedTensor[];
}
interface CopiedTensor extends Omit<CapturedTensor, 'data'> {
  readonly bytes: Buffer | null;
}

/** Sampled answers on their way to control. Taking one copies its bytes and nothing else; without rules it is one comparison. */
export class CaptureBuffer {
  readonly #random: () => number;
  readonly #now: () => number;
  #rules = new Map<string, Active>();
  #copied: Copied[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(random: () => number, now: () => number) {
    this.#random = random;
    this.#now = now;
  }

  get empty(): boolean {
    return this.#copied.length === 0 && this.#dropped === 0;
  }

  setRules(rules: readonly CaptureRule[]): void {
    this.#rules = new Map(rules.map((rule) => [rule.service, { rule, untilMs: rule.until === null ? Number.POSITIVE_INFINITY : Date.parse(rule.until), redact: new Set(rule.redact), second: 0, taken: 0 }]));
  }

  /** Takes an answer or not. Bytes may be let go right after. */
  offer(service: string, version: string, predictionId: string, request: { inputs(): readonly Tensor[] }, outputs: readonly Tensor[]): void {
    if (this.#rules.size === 0) return;
    const active = this.#rules.get(service);
    if (!active || this.#random() >= active.rule.rate || !this.#admits(active, version)) return;
    const copy = (tensor: Tensor): CopiedTensor => this.#copy(active, tensor);
    this.#copied.push({ at: this.#now(), service, version, predictionId, inputs: request.inputs().map(copy), outputs: outputs.map(copy) });
  }

  /** What was taken since the last call. */
  drain(): CaptureReport {
    const answers = this.#copied.map(asCaptured);
    const dropped = this.#dropped;
    this.#copied = [];
    this.#bytes = this.#dropped = 0;
    return { answers, dropped };
  }

  /** What control did not take. */
  lost({ answers, dropped }: CaptureReport): void {
    this.#dropped += answers.length + dropped;
  }

  #admits(active: Active, version: string): boolean {
    const { rule } = active;
    const now = this.#now();
    if (now > active.untilMs || (rule.versions && !rule.versions.includes(version))) return false;
    const second = Math.floor(now / 1000);
    if (second !== active.second) [active.second, active.taken] = [second, 0];
    if (active.taken >= rule.perSecondMax || this.#copied.length >= ANSWERS_MAX || this.#bytes >= BYTES_MAX) {
      this.#dropped++;
      return false;
    }
    active.taken++;
    return true;
  }

  #copy({ rule, redact }: Active, { name, datatype, shape, data }: Tensor): CopiedTensor {
    const kept = !redact.has(name) && data.byteLength <= rule.tensorBytesMax && this.#bytes + data.byteLength <= BYTES_MAX;
    if (kept) this.#bytes += data.byteLength;
    return { name, datatype, shape, bytes: kept ? Buffer.from(data) : null };
  }
}

const asTensor = ({ bytes, ...tensor }: CopiedTensor): CapturedTensor => ({ ...tensor, data: bytes?.toString('base64') ?? null });
const asCaptured = ({ inputs, outputs, ...answered }: Copied): CapturedAnswer => ({ ...answered, inputs: inputs.map(asTensor), outputs: outputs.map(asTensor) });
