import type { Plan, PlanSummary } from '../../clients/typescript/src/index.ts';
import { shortNumber } from '../deployment-engine/scheduler/index.ts';
import { type Cell, formatBytes, type Output } from './output.ts';
import type { ResolvedPlan } from './plan-programs.ts';

export function showPlans(out: Output, plans: readonly PlanSummary[]): void {
  if (plans.length === 0) return out.line('no plan has changed anything yet');
  out.table(['plan', 'at', 'method', 'ms', 'why', 'changes'], plans.map(({ id, at, method, solveMs, trigger, changes }) => [id, at, method, shortNumber(solveMs), trigger, changes.join('; ')]), { below: 'changes', drop: ['ms', 'method'] });
}

/** `again`: the same input solved here. */
export function showPlan(out: Output, plan: Plan, again: ResolvedPlan | null): void {
  out.line({ text: plan.id === null ? 'The next plan; nothing of it is done' : `Plan ${plan.id}`, style: 'bold' }, plan.id === null ? '' : `  ${plan.at}, since ${plan.trigger === 'every few seconds' ? 'it is made every few seconds' : plan.trigger}`);
  if (plan.versions.length === 0) return out.line('no version is deployed');
  out.table(['version', 'priority', 'demand', 'served', 'replicas', 'cores', 'memory', 'why'], plan.versions.map((version) => [
    version.id, shortNumber(version.priority), `${shortNumber(version.demand)}/s`, served(version), version.replicas === version.replicasNow ? version.replicas : { text: `${version.replicasNow} → ${version.replicas}`, style: 'cyan' }, shortNumber(version.cpus), formatBytes(version.memoryBytes), version.why,
  ]), { below: 'why', drop: ['memory', 'priority'] });
  out.line();
  for (const { name, cpus, cpusUsed, memoryBytes, memoryUsed } of plan.nodes) out.line(`${name}: ${shortNumber(cpusUsed)} of ${shortNumber(cpus)} cores, ${formatBytes(memoryUsed)} of ${formatBytes(memoryBytes)}`);
  out.paragraph(`objective ${shortNumber(plan.objective)}${plan.bound === null ? '' : `, of at most ${shortNumber(plan.bound)}`} (${plan.method}, ${shortNumber(plan.solveMs)} ms)${plan.note ? `: ${plan.note}` : ''}`);
  for (const change of plan.changes) out.paragraph(`changed ${change}`);
  for (const conflict of plan.conflicts) out.paragraph(`in conflict: ${conflict}`, 'red');
  if (again) out.paragraph(`solved again by ${again.solver}: objective ${shortNumber(again.plan.objective)} (${again.plan.method})`);
}

const served = ({ served: got, demand }: Plan['versions'][number]): Cell => (got >= demand * (1 - 1e-6) ? `${shortNumber(got)}/s` : { text: `${shortNumber(got)}/s`, style: 'yellow' });
