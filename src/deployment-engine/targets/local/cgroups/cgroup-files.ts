import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The kernel's files of control groups, so that a layout which this host has not can be tried on a tree of ordinary ones. */
export interface CgroupFiles {
  /** Some files can only be written. */
  has(path: string): boolean;
  /** null: there is none, or it can't be read. */
  read(path: string): string | null;
  /** Throws what the kernel says (ENOENT, EACCES, EBUSY, EINVAL …); never makes a file. */
  write(path: string, text: string): void;
  /** Groups directly below. */
  children(directory: string): readonly string[];
  /** One that is there already is as good. */
  makeGroup(directory: string): void;
  /** One that is gone already is as good; throws EBUSY while processes are in it. */
  removeGroup(directory: string): void;
}

export const kernelFiles: CgroupFiles = {
  has: existsSync,
  read(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return null;
    }
  },
  write: (path, text) => writeFileSync(path, text, { flag: 'r+' }),
  children(directory) {
    try {
      return readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name));
    } catch {
      return [];
    }
  },
  makeGroup: (directory) => tolerating('EEXIST', () => mkdirSync(directory)),
  removeGroup: (directory) => tolerating('ENOENT', () => rmdirSync(directory)),
};

function tolerating(code: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (errorCode(error) !== code) throw error;
  }
}

export const errorCode = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).message;
