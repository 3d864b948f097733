import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { PEERS } from '../peers/catalogue.ts';

/** What the figures were taken on. */
export function describeMachine(): Record<string, string> {
  const found = cpus();
  return { cpu: found[0]?.model.trim() ?? 'unknown', cores: String(found.length), memory: `${Math.round(totalmem() / 2 ** 30)} GiB`, kernel: release(), governor: read('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor') ?? 'not shown' };
}

/** What was measured. */
export function describeVersions(root: string): Record<string, string> {
  const packageVersion = (name: string): string => (JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }).version;
  return { 'lepton-ai': commit(root), node: process.versions.node, 'onnxruntime-node': packageVersion('onnxruntime-node'), ...Object.fromEntries(PEERS.map(({ packages: [main = ''] }) => main.split('==') as [string, string])) };
}

function commit(root: string): string {
  try {
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--', 'src') ? ' with changes' : '');
  } catch {
    return 'not a checkout';
  }
}

function read(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}
