export { HostNode } from './host-node.ts';
export { type PlanDetails, planDetails } from './plan-details.ts';
export { PlanStore, type PlanSummary } from './plan-store.ts';
export { SchedulingLoop } from './scheduling-loop.ts';
export { SolverThread } from './solver-thread.ts';
