import { readdirSync } from 'node:fs';
import { residentBytes } from '../../src/deployment-engine/process-table.ts';
import type { TestPlatform } from '../e2e/harness.ts';

/** What a process holds. */
export interface Resources {
  readonly role: 'control' | 'gateway' | 'worker';
  readonly pid: number;
  readonly residentBytes: number;
  readonly files: number;
}

/** Of every process of the platform. */
export function resourcesOf(platform: TestPlatform): Resources[] {
  return platform.processes().flatMap(({ pid, command }) => {
    const role = command.includes(' serve ') ? 'control' : /gateway/.test(command) ? 'gateway' : /worker/.test(command) ? 'worker' : null;
    if (!role) return [];
    try {
      return [{ role, pid, residentBytes: residentBytes(pid), files: readdirSync(`/proc/${pid}/fd`).length }];
    } catch {
      return []; // It has gone meanwhile.
    }
  });
}

/** The largest of each role, since workers come and go. */
export function largest(all: readonly Resources[], role: Resources['role']): { residentBytes: number; files: number } {
  const mine = all.filter((one) => one.role === role);
  return { residentBytes: Math.max(0, ...mine.map(({ residentBytes }) => residentBytes)), files: Math.max(0, ...mine.map(({ files }) => files)) };
}

export const describeResources = (all: readonly Resources[]): string => all.map(({ role, residentBytes, files }) => `${role} ${(residentBytes / 1e6).toFixed(0)} MB ${files} files`).join(', ');
