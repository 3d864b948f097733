import { Type } from 'typebox';
import { listOf, operation, type Operation } from '../operation.ts';
import { closed, Name } from '../schemas/common.ts';
import { Explanation, Plan, PlanSummary } from '../schemas/plan.ts';

export const planOperations: readonly Operation[] = [
  operation({
    method: 'GET', path: '/plan', id: 'nextPlan', tag: 'scheduler', summary: 'Show the next plan, of which nothing is done.', errors: ['SHUTTING_DOWN'], response: Plan,
    handle: ({ dependencies }) => dependencies.engine.nextPlan(),
  }),
  operation({
    method: 'GET', path: '/plans', id: 'listPlans', tag: 'scheduler', summary: 'List executed plans, newest first.', description: 'Plans that changed nothing are not kept.', errors: [],
    query: closed({ before: Type.Optional(Type.Integer({ minimum: 1, description: 'Only plans with a smaller id.' })), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'Default 20.' })) }),
    response: listOf(PlanSummary),
    handle: ({ dependencies, query }) => dependencies.engine.plans({ limit: 20, ...query }),
  }),
  operation({
    method: 'GET', path: '/plans/{plan}', id: 'getPlan', tag: 'scheduler', summary: 'Show an executed plan with its input.', errors: ['PLAN_NOT_FOUND'], params: closed({ plan: Type.Integer({ minimum: 1 }) }), response: Plan,
    handle: ({ dependencies, params }) => dependencies.engine.plan(params.plan),
  }),
  operation({
    method: 'GET', path: '/services/{service}/explanation', id: 'explainService', tag: 'scheduler', summary: 'Say why a service’s versions get what they get.', errors: ['SERVICE_NOT_FOUND', 'SHUTTING_DOWN'], params: closed({ service: Name }), response: Explanation,
    handle: ({ dependencies, params }) => dependencies.engine.explain(params.service),
  }),
];
