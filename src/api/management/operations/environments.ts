import { listOf, operation, type Operation } from '../operation.ts';
import { closed, DigestText } from '../schemas/common.ts';
import { Environment, InterpreterRegistration, RegisteredInterpreter } from '../schemas/environment.ts';

export const environmentOperations: readonly Operation[] = [
  operation({
    method: 'GET', path: '/environments', id: 'listEnvironments', tag: 'environments', summary: 'List the Python environments that are here or that versions need.', errors: [], response: listOf(Environment),
    handle: async ({ dependencies: { environments, repository } }) => environments.list(await repository.requiredEnvironments()),
  }),
  operation({
    method: 'PUT', path: '/environments/{digest}', id: 'registerInterpreter', tag: 'environments', summary: 'Offer an interpreter of this machine for an environment.',
    description: 'It is looked at whenever a worker starts, and used only if every pin is installed in it just so; otherwise the environment is built.',
    errors: ['PRECONDITION_FAILED'], params: closed({ digest: DigestText }), body: InterpreterRegistration, response: RegisteredInterpreter,
    handle: ({ dependencies, params, body, actor }) => dependencies.environments.register(params.digest, body.interpreter, actor),
  }),
];
