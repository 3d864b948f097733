import { LeptonError } from '../../../core/index.ts';

/** The bytes behind the JSON of a request, taken in the order of the inputs. */
export class BinarySections {
  readonly #bytes: Uint8Array | null;
  #at = 0;

  /** null: the request does not say where its JSON ends. */
  constructor(bytes: Uint8Array | null) {
    this.#bytes = bytes;
  }

  take(size: number, name: string): Uint8Array {
    if (!this.#bytes) throw new LeptonError('INVALID_ARGUMENT', `input '${name.slice(0, 100)}' announces ${size} bytes of binary data, but the header inference-header-content-length does not say where they begin`);
    const end = this.#at + size;
    if (end > this.#bytes.byteLength) throw new LeptonError('INVALID_ARGUMENT', `input '${name.slice(0, 100)}' announces ${size} bytes of binary data, but only ${this.#bytes.byteLength - this.#at} are left`);
    const section = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return section;
  }

  finish(): void {
    const left = (this.#bytes?.byteLength ?? 0) - this.#at;
    if (left) throw new LeptonError('INVALID_ARGUMENT', `${left} bytes of binary data belong to no input`);
  }
}
