import { Type } from 'typebox';
import { closed, FreeObject, nullable, Strings, Time } from './common.ts';

const Method = Type.Enum(['exact', 'relaxed', 'greedy'], { description: 'exact: the whole program, proven. relaxed: its relaxation, rounded and packed. greedy: without a solver.' });
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
    code: Type.Enum(['served', 'no-demand', 'dominated', 'cannot-be-placed', 'replicas-max', 'not-worth-it', 'less-valuable', 'no-room']),
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
