import { operation, type Operation } from '../operation.ts';
import { closed, Name } from '../schemas/common.ts';
import { VersionProfiles } from '../schemas/profile.ts';

const ofVersion = closed({ repository: Name, version: Name });

export const profileOperations: readonly Operation[] = [
  operation({
    method: 'GET', path: '/repositories/{repository}/versions/{version}/profiles', id: 'getProfiles', tag: 'repositories', summary: 'What a version was measured and seen to need, by class of host and threads.',
    errors: ['REPOSITORY_NOT_FOUND', 'VERSION_NOT_FOUND'], params: ofVersion, response: VersionProfiles,
    handle: async ({ dependencies: { engine, repository }, params }) => engine.versionProfiles(await repository.getVersion(params.repository, params.version)),
  }),
  operation({
    method: 'DELETE', path: '/repositories/{repository}/versions/{version}/profiles', id: 'forgetProfiles', tag: 'repositories', summary: 'Forget what a version was measured to need; its next start measures anew.', status: 204,
    errors: ['REPOSITORY_NOT_FOUND', 'VERSION_NOT_FOUND'], params: ofVersion,
    handle: async ({ dependencies: { engine, repository }, params }) => engine.forgetProfiles((await repository.getVersion(params.repository, params.version)).digest),
  }),
];
