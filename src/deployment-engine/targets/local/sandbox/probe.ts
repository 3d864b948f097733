import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programFiles, systemPrograms } from '../../../../config/index.ts';
import { type IsolationReport, type IsolationState, unisolated } from '../../../../core/index.ts';
import type { Command, Confinement } from './confinement.ts';
import { isPublic } from './files.ts';
import { HostSandbox, type HostSandboxOptions } from './host-sandbox.ts';
import { findTools } from './host-tools.ts';
import { pathsOf, removeWorkerFiles } from './worker-paths.ts';

const PROBE_TIMEOUT_MS = 10_000;
const PROBE_STORAGE_BYTES = 2 ** 20;
const PREFIX = 'probe-';

/** What a process in an enclosure finds, in its own words. $1: a file that it must not see; $2: bytes over its quota. */
const LOOK = `echo "net $(readlink /proc/self/ns/net)"
cat /proc/self/status
if [ -e "$1" ]; then echo 'files seen'; else echo 'files hidden'; fi
if head -c "$2" /dev/zero 2>/dev/null >"$TMPDIR/fill"; then echo 'storage open'; else echo 'storage bounded'; fi
echo end`;

interface Finding {
  readonly network: boolean;
  readonly files: boolean;
  readonly user: boolean;
  readonly storage: boolean;
  readonly privileges: boolean;
}

/**
 * Finds out, by doing it, what this host allows, strongest first, and gives what makes the enclosures of workers: a command
 * is started in one and looks around. Takes some 50 ms; never rejects for what the host refuses, the report says it.
 */
export async function openSandbox(options: HostSandboxOptions): Promise<HostSandbox> {
  await sweepProbes(options.runDirectory);
  const refusals: string[] = [];
  for (const confinement of candidates(refusals)) {
    const finding = await probe(new HostSandbox(options, confinement, unisolated('not known yet'))).catch((error: unknown) => (error as Error).message);
    if (typeof finding === 'string') refusals.push(`${confinement.kind}: ${finding}`);
    else return new HostSandbox(options, confinement, reportOf(confinement, finding, refusals.join('; ')));
  }
  return new HostSandbox(options, { kind: 'none' }, reportOf({ kind: 'none' }, { network: false, files: false, user: false, storage: false, privileges: false }, refusals.join('; ')));
}

function* candidates(refusals: string[]): Generator<Confinement> {
  const root = process.getuid?.() === 0;
  const tools = findTools();
  if ('sh' in tools) {
    for (const kind of root ? (['root', 'user-namespace'] as const) : (['user-namespace'] as const)) {
      for (const network of [true, false]) yield { kind, tools, network };
    }
  } else refusals.push(`${tools.join(', ')} not found (Debian: util-linux)`);
  const [setpriv] = systemPrograms('setpriv');
  if (setpriv !== undefined) yield { kind: 'privileges', setpriv, capabilities: root };
}

/** Rejects with what the host's tools said when they could not. */
async function probe(sandbox: HostSandbox): Promise<Finding> {
  const paths = pathsOf(join(sandbox.runDirectory, `${PREFIX}${randomBytes(6).toString('hex')}.json`));
  try {
    await writeFile(paths.config, '{}', { mode: 0o600 });
    const [shell = '/bin/sh'] = systemPrograms('sh');
    const command = await sandbox.enclose({
      replica: paths.config, paths, modelDirectory: paths.directory, wish: { network: false, storageBytes: PROBE_STORAGE_BYTES },
      command: () => ({ file: shell, args: ['-c', LOOK, 'probe', paths.mounts, String(2 * PROBE_STORAGE_BYTES)], env: { PATH: '/usr/bin:/bin' }, reads: programFiles() }),
    });
    const text = await outputOf(command);
    return {
      network: /^net net:/m.test(text) && !text.includes(`net ${readlinkSync('/proc/self/ns/net')}`),
      files: text.includes('files hidden'),
      user: Number(/^Uid:\s+(\d+)/m.exec(text)?.[1]) !== process.getuid?.() && sandbox.confinement.kind === 'root',
      storage: text.includes('storage bounded'),
      privileges: /^NoNewPrivs:\s+1$/m.test(text) && /^CapEff:\s+0+$/m.test(text),
    };
  } finally {
    await removeWorkerFiles(paths);
  }
}

function outputOf(command: Command): Promise<string> {
  const child = spawn(command.file, [...command.args], { env: { ...command.env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: PROBE_TIMEOUT_MS, killSignal: 'SIGKILL' });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].setEncoding('utf8').on('data', (text: string) => (said[stream] += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 && said.stdout.endsWith('end\n') ? resolve(said.stdout) : reject(new Error(said.stderr.trim().split('\n')[0] || `exit code ${code}`))));
  });
}

function reportOf({ kind }: Confinement, finding: Finding, refusals: string): IsolationReport {
  const because = refusals === '' ? '' : ` (${refusals})`;
  const state = (enforced: boolean, by: IsolationState['by'], reason: string): IsolationState => (enforced ? { enforced, by, reason: '' } : { enforced, by: 'none', reason });
  const closed = programFiles().find((path) => !isPublic(path));
  return {
    network: state(finding.network, 'namespace', `no network namespace can be made here${because}`),
    files: state(finding.files, 'namespace', `no mount namespace can be made here: workers read what the server may read${because}`),
    user: state(finding.user, 'user id', closed !== undefined && kind === 'root' ? `${closed} is not readable for other users, so workers run as the server's: chmod -R o+rX it` : kind === 'user-namespace' || process.getuid?.() !== 0 ? 'only root can give workers user ids of their own; as they are, they can send each other signals' : `no other user id can be taken here${because}`),
    storage: finding.storage ? { enforced: true, by: 'tmpfs', reason: '' } : { enforced: true, by: 'counting', reason: '' },
    privileges: state(finding.privileges, 'no_new_privs', `setpriv does not work here${because}`),
  };
}

/** Of a control process that ended in the middle of it. */
async function sweepProbes(runDirectory: string): Promise<void> {
  for (const name of await readdir(runDirectory)) if (name.startsWith(PREFIX)) await rm(join(runDirectory, name), { recursive: true, force: true });
}
