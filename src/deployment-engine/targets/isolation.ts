/** What a deployment asks of its workers' surroundings. */
export interface SandboxWish {
  /** May use the machine's network. */
  readonly network: boolean;
  /** Bytes of temporary files and caches; null: STORAGE_DEFAULT_BYTES. */
  readonly storageBytes: number | null;
}

export const STORAGE_DEFAULT_BYTES = 2 ** 30;
export const SANDBOX_DEFAULT: SandboxWish = Object.freeze({ network: false, storageBytes: null });
