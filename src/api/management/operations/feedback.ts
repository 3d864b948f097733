import { Type } from 'typebox';
import { listOf, operation, type Operation } from '../operation.ts';
import { closed, Name } from '../schemas/common.ts';
import { Feedback, FeedbackSummary } from '../schemas/feedback.ts';

const ofService = closed({ service: Name });

export const feedbackOperations: readonly Operation[] = [
  operation({
    method: 'GET', path: '/services/{service}/feedback', id: 'listFeedback', tag: 'feedback', summary: 'Feedback on a service’s answers, oldest first.',
    description: 'Without `after`: the newest ones. Also of versions that were undeployed and services that were deleted. Feedback is sent to `POST /v2/feedback`.',
    errors: ['SERVICE_NOT_FOUND'], params: ofService,
    query: closed({
      version: Type.Optional(Name),
      after: Type.Optional(Type.Integer({ minimum: 0, description: 'Only feedback with a greater id.' })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Default 100.' })),
    }),
    response: listOf(Feedback),
    handle: ({ dependencies, params, query }) => dependencies.feedback.list({ ...query, service: params.service }),
  }),
  operation({
    method: 'GET', path: '/services/{service}/feedback/summary', id: 'summariseFeedback', tag: 'feedback', summary: 'What feedback says of each version, since ever.', errors: ['SERVICE_NOT_FOUND'], params: ofService, response: FeedbackSummary,
    handle: ({ dependencies, params }) => dependencies.feedback.summary(params.service),
  }),
];
