import { Type } from 'typebox';
import { LeptonError } from '../../../core/index.ts';
import { listOf, operation, type Operation } from '../operation.ts';
import { answerPatiently } from '../patient-answer.ts';
import { AlertMetric, AlertRule, AlertRuleChange, AlertRuleInput, AlertsOverview, AlertState, AlertTrial } from '../schemas/alerts.ts';
import { closed, DryRun, Name } from '../schemas/common.ts';

const ofRule = closed({ rule: Name });

export const alertOperations: readonly Operation[] = [
  operation({
    method: 'GET', path: '/alerts', id: 'listAlerts', tag: 'alerts', summary: 'What rules say of each version, firing ones first.', errors: [],
    query: closed({ rule: Type.Optional(Name), service: Type.Optional(Name), version: Type.Optional(Name), state: Type.Optional(AlertState) }), response: AlertsOverview,
    handle: async ({ dependencies: { alerts }, query }) => alerts.overview(query),
  }),
  operation({
    method: 'GET', path: '/alerts/metrics', id: 'listAlertMetrics', tag: 'alerts', summary: 'What a rule may be on.', errors: [], response: listOf(AlertMetric),
    handle: async ({ dependencies: { alerts } }) => alerts.metrics(),
  }),
  operation({
    method: 'GET', path: '/alerts/rules', id: 'listAlertRules', tag: 'alerts', summary: 'List the rules.', errors: [], response: listOf(AlertRule),
    handle: async ({ dependencies: { alerts } }) => alerts.list(),
  }),
  operation({
    method: 'GET', path: '/alerts/rules/{rule}', id: 'getAlertRule', tag: 'alerts', summary: 'One rule.', errors: ['ALERT_RULE_NOT_FOUND'], params: ofRule, response: AlertRule,
    handle: async ({ dependencies: { alerts }, params }) => alerts.get(params.rule),
  }),
  operation({
    method: 'PUT', path: '/alerts/rules/{rule}', id: 'putAlertRule', tag: 'alerts', summary: 'Make a rule equal to this declaration.', description: 'The same again changes nothing; a change begins the rule’s states anew.',
    errors: ['PRECONDITION_FAILED', 'DATABASE_UNAVAILABLE'], params: ofRule, query: closed({ dryRun: DryRun }), body: AlertRuleInput, response: AlertRuleChange,
    handle: async ({ dependencies: { alerts }, params, query, body: { name = params.rule, ...input }, actor }) => {
      if (name !== params.rule) throw new LeptonError('INVALID_ARGUMENT', `name is ${JSON.stringify(name)}, but the path says ${JSON.stringify(params.rule)}`);
      return alerts.put(name, input, { by: actor, dryRun: query.dryRun ?? false });
    },
  }),
  operation({
    method: 'DELETE', path: '/alerts/rules/{rule}', id: 'deleteAlertRule', tag: 'alerts', summary: 'Delete a rule and what it said.', errors: ['ALERT_RULE_NOT_FOUND', 'DATABASE_UNAVAILABLE'], params: ofRule,
    handle: ({ dependencies: { alerts }, params, actor }) => alerts.remove(params.rule, actor),
  }),
  operation({
    method: 'POST', path: '/alerts/rules/{rule}/test', id: 'testAlertRule', tag: 'alerts', summary: 'Send a trial to a rule’s webhook.', description: 'Answers when it was taken or given up, which may take minutes.', errors: ['ALERT_RULE_NOT_FOUND', 'PRECONDITION_FAILED'],
    params: ofRule, body: closed({}), response: AlertTrial,
    handle: ({ dependencies: { alerts }, params, reply }) => answerPatiently(reply, alerts.test(params.rule).then((problem) => ({ delivered: problem === null, problem }))) as never,
  }),
];
