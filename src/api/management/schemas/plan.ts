import { Type } from 'typebox';
import { closed, FreeObject, nullable, Strings, Time } from './common.ts';

const Method = Type.Enum(['exact', 'relaxed', 'greedy'], { description: 'exact: the whole program, proven. relaxed: its relaxation, rounded and packed. greedy: without a solver.' });
const Reason = Type.Enum(['served', 'no-demand', 'dominated', 'cannot-be-placed', 'replicas-max', 'not-worth-it', 'less-valuable', 'no-room']);
const PlanId = Type.Integer({ description: 'Grows with each executed plan.' });
const Trigger = Type.String({ description: 'Why it was made.' });
const Changes = Strings('What it changed, in words.');

export const PlanSummary = closed(
  { id: PlanId, at: Time, trigger: Trigger, changes: Changes, method: Method, objective: Type.Number(), solveMs: Type.Number(), conflicts: Type.Integer({ description: 'Minima that could not all be kept.' }) },
  { title: 'PlanSummary' },
);

const PlannedVersion = closed(
  {
    id: Type.String({ description: '`service:version`' }),
    service: Type.String(),
    version: Type.String(),
    priority: Type.Number({ description: 'What one request is worth beside those of others.' }),
    quality: Type.Number(),
    demand: Type.Number({ description: 'Requests per second that are planned for.' }),
    served: Type.Number({ description: 'Of these, served.' }),
    replicas: Type.Integer(),
    replicasNow: Type.Integer({ description: 'When it was made.' }),
    cpus: Type.Number({ description: 'Cores.' }),
    memoryBytes: Type.Number(),
    code: Reason,
    why: Type.String(),
  },
  { title: 'PlannedVersion' },
);

export const Plan = closed(
  {
    id: nullable(PlanId, 'null: not executed.'),
    at: Time,
    trigger: Trigger,
    changes: Changes,
    method: Method,
    objective: Type.Number(),
    bound: nullable(Type.Number(), 'No plan is better; null: no solver said.'),
    gap: nullable(Type.Number(), 'How far the objective may be from the best, as a share of the bound.'),
    solveMs: Type.Number(),
    note: Type.String({ description: 'Why the method is not a better one; empty otherwise.' }),
    conflicts: Strings('Minima that can’t all be kept; empty: all are.'),
    versions: Type.Array(PlannedVersion),
    nodes: Type.Array(closed({ name: Type.String(), cpus: Type.Number(), cpusUsed: Type.Number(), memoryBytes: Type.Number(), memoryUsed: Type.Number() }, { title: 'PlannedNode' })),
    moves: Type.Array(closed({ kind: Type.Enum(['start', 'stop']), version: Type.String(), node: Type.String(), replicas: Type.Integer() }, { title: 'PlannedMove' })),
    input: FreeObject('All that it was decided from; "Infinity" stands for a limit that isn’t there.'),
  },
  { title: 'Plan', description: 'Who gets how much of the machine.' },
);

const ExplainedVersion = closed(
  {
    version: Type.String(),
    priority: Type.Number(),
    quality: Type.Number(),
    qualityBasis: Type.String({ description: 'Where the quality comes from.' }),
    rate: Type.Number({ description: 'Requests per second that came lately.' }),
    backlog: Type.Integer({ description: 'Requests that wait.' }),
    demand: Type.Number({ description: 'Requests per second that are planned for: a forecast with its error, and what waits.' }),
    served: Type.Number(),
    replicas: Type.Integer(),
    replicasNow: Type.Integer(),
    replicasMin: Type.Integer(),
    replicasMax: Type.Integer(),
    cpus: Type.Number({ description: 'Cores.' }),
    code: Reason,
    why: Type.String(),
    cpuSecondsPerRequest: Type.Number(),
    memoryBytesPerReplica: Type.Number(),
    loadSeconds: Type.Number(),
    profileBasis: Type.String({ description: 'Where these come from.' }),
    allocation: nullable(closed({ replicas: Type.Integer(), cpus: nullable(Type.Number()), reason: Type.String() }, { title: 'Allocation' }), 'In force now; null: nothing was decided yet.'),
  },
  { title: 'ExplainedVersion' },
);

export const Explanation = closed(
  {
    service: Type.String(),
    versions: Type.Array(ExplainedVersion),
    binding: Strings('What keeps the plan from being better.'),
    prices: Strings('What more of a scarce resource would bring; those of this service first.'),
    conflicts: Strings('Minima that can’t all be kept.'),
    method: Method,
    note: Type.String({ description: 'Why the method is not a better one; empty otherwise.' }),
  },
  { title: 'Explanation', description: 'Why versions have what the next plan gives them, and what would give them more.' },
);
