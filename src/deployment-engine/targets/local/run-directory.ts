import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeptonError } from '../../../core/index.ts';

/** sun_path of unix(7) holds 108 bytes with the closing zero. */
const SOCKET_PATH_BYTES_MAX = 107;
/** Longest file name that we put into a run directory: `worker-<16>.sock`, `gateway-<16>.sock`, `control.sock`. */
const SOCKET_NAME_BYTES = 32;

/**
 * The directory for sockets and the files beside them: `<dataDirectory>/run`, or a short one in the system's temporary
 * directory where that would make a socket's path too long. Made if need be, mode 0700. Throws PRECONDITION_FAILED if it
 * belongs to somebody else or is not a real directory.
 */
export async function runDirectory(dataDirectory: string): Promise<string> {
  const directory = runDirectoryPath(dataDirectory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const found = await lstat(directory);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) throw new LeptonError('PRECONDITION_FAILED', `${directory} is not a directory of our own (owner ${found.uid}); remove it or choose another data directory`);
  await chmod(directory, 0o700);
  return directory;
}

function runDirectoryPath(dataDirectory: string): string {
  const wanted = join(dataDirectory, 'run');
  if (Buffer.byteLength(wanted) + 1 + SOCKET_NAME_BYTES <= SOCKET_PATH_BYTES_MAX) return wanted;
  return join(tmpdir(), `lepton-${createHash('sha256').update(dataDirectory).digest('hex').slice(0, 16)}`);
}
