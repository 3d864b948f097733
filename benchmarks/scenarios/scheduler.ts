import { systemClock } from '../../src/core/index.ts';
import { madeInput, type SchedulePlan, schedule } from '../../src/deployment-engine/scheduler/index.ts';
import { loadHighsSolver } from '../../src/deployment-engine/solvers/index.ts';
import type { Line } from '../report/report.ts';
import { summarise } from '../report/statistics.ts';
import type { Scenario } from './scenario.ts';

const SIZES = [{ versions: 100, nodes: 10, mostMs: 50, rounds: 20 }, { versions: 1000, nodes: 100, mostMs: 2000, rounds: 8 }] as const;
const LOADS = [0.5, 0.9, 1.5] as const;
const MEMORY = [0.6, 1.3] as const;
const GAP_MOST_PERCENT = 1;
const WARM_UP = 3;
const DEADLINE_MS = 10_000;

/** How long plans take and how far they are from the best, on made-up clusters with little and with too much to do. */
export const scheduler: Scenario = {
  name: 'scheduler',
  about: 'plans for 100 versions on 10 nodes and 1,000 on 100: time, and distance to the bound',
  async run(bench) {
    const solver = await loadHighsSolver();
    const lines: Line[] = [];
    for (const { versions, nodes, mostMs, rounds } of SIZES) {
      bench.say(`plan for ${versions} versions on ${nodes} nodes`);
      const plans: SchedulePlan[] = [];
      for (let round = -WARM_UP; round < (bench.quick ? rounds / 4 : rounds); round++) {
        const at = round + WARM_UP;
        const input = madeInput({ versions, nodes, load: LOADS[at % LOADS.length] ?? 1, memory: MEMORY[at % MEMORY.length] ?? 1, seed: at + 1 });
        const plan = schedule(input, { solver, clock: systemClock, deadlineMs: DEADLINE_MS });
        if (round >= 0) plans.push(plan);
      }
      const text = `${versions} versions on ${nodes} nodes`;
      lines.push(
        { id: `scheduler-${versions}-ms`, text: `plan for ${text}`, unit: 'ms', summary: summarise(plans.map(({ solveMs }) => solveMs)), goal: { at: 'most', value: mostMs } },
        { id: `scheduler-${versions}-gap`, text: `its distance to the bound, ${text}`, unit: '%', summary: summarise(plans.map(({ gap }) => gap * 100)), goal: { at: 'most', value: GAP_MOST_PERCENT } },
      );
    }
    return { lines, tables: [] };
  },
};
