import { Type } from 'typebox';
import { ISOLATION_SLOTS, LIMIT_SLOTS } from '../../../core/index.ts';
import { closed, nullable } from './common.ts';

const IsolationState = closed(
  { enforced: Type.Boolean(), by: Type.String({ description: 'What makes it hold, such as `namespace`; `none`.' }), reason: Type.String({ description: 'Why it does not hold; empty when it does.' }) },
  { title: 'IsolationState' },
);
const slots = <Slot extends string>(names: readonly Slot[]) => Object.fromEntries(names.map((slot) => [slot, IsolationState])) as Record<Slot, typeof IsolationState>;

export const IsolationReport = closed(slots(ISOLATION_SLOTS), { title: 'IsolationReport', description: 'What workers are kept from: the network, files of others, other users\' processes, storage without bounds, privileges.' });
export const HostIsolation = closed(slots([...LIMIT_SLOTS, ...ISOLATION_SLOTS]), { title: 'HostIsolation', description: 'What this host enforces of workers: limits of CPU, memory, processes and cores, and what they are kept from.' });

export const LimitState = closed(
  {
    limit: Type.Enum(['memoryBytes', 'cpuWeight', 'cpus', 'cpuset', 'pids']),
    wanted: nullable(Type.Union([Type.Number(), Type.String()]), 'null: no limit.'),
    inForce: Type.Boolean(),
    by: Type.Enum(['cgroup v1', 'cgroup v2', 'rlimit', 'namespace', 'none']),
    reason: Type.String({ description: 'Why it does not hold, or how it holds in a weaker way; empty otherwise.' }),
    needsRestart: Type.Boolean({ description: 'A worker that starts anew would have it.' }),
  },
  { title: 'LimitState' },
);
