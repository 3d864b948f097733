import { Type } from 'typebox';
import { LeptonError } from '../../../core/index.ts';
import { listOf, operation, type Operation } from '../operation.ts';
import { closed, Name } from '../schemas/common.ts';
import { HistoryEntry, Label, LabelMove, PublishResult, RepositoryCreate, RepositoryInfo, Version, VersionDiff, VersionPublish } from '../schemas/repository.ts';

const PageLimit = Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Absent: all of them.' }));
const inRepository = closed({ repository: Name });
const ofVersion = closed({ repository: Name, version: Name });
const ofLabel = closed({ repository: Name, label: Name });

const repositories: readonly Operation[] = [
  operation({
    method: 'GET', path: '/repositories', id: 'listRepositories', tag: 'repositories', summary: 'List the repositories by name.', errors: [],
    query: closed({ after: Type.Optional(Type.String({ ...Name, description: 'Only those whose names come after this one.' })), limit: PageLimit }), response: listOf(RepositoryInfo),
    handle: ({ dependencies, query }) => dependencies.repository.listRepositories(query),
  }),
  operation({
    method: 'POST', path: '/repositories', id: 'createRepository', tag: 'repositories', summary: 'Create a repository.', errors: ['REPOSITORY_EXISTS'],
    body: RepositoryCreate, response: RepositoryInfo,
    handle: ({ dependencies, body: { name, ...options }, actor }) => dependencies.repository.createRepository(name, { ...options, by: actor }),
  }),
  operation({
    method: 'GET', path: '/repositories/{repository}', id: 'getRepository', tag: 'repositories', summary: 'Show a repository.', errors: ['REPOSITORY_NOT_FOUND'],
    params: inRepository, response: RepositoryInfo,
    handle: ({ dependencies, params }) => dependencies.repository.getRepository(params.repository),
  }),
  operation({
    method: 'DELETE', path: '/repositories/{repository}', id: 'deleteRepository', tag: 'repositories', summary: 'Delete a repository with all its versions.', status: 204,
    errors: ['REPOSITORY_NOT_FOUND', 'IN_USE'], params: inRepository,
    handle: ({ dependencies, params, actor }) => dependencies.repository.deleteRepository(params.repository, { by: actor }),
  }),
  operation({
    method: 'GET', path: '/repositories/{repository}/history', id: 'getHistory', tag: 'repositories', summary: 'What was done to a repository, newest first.', errors: ['REPOSITORY_NOT_FOUND'],
    params: inRepository, query: closed({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10000 })) }), response: listOf(HistoryEntry),
    handle: ({ dependencies, params, query }) => dependencies.repository.history(params.repository, query),
  }),
  operation({
    method: 'GET', path: '/repositories/{repository}/diff', id: 'diffVersions', tag: 'repositories', summary: 'Compare two versions: files, signature, metadata.',
    errors: ['REPOSITORY_NOT_FOUND', 'VERSION_NOT_FOUND'],
    params: inRepository, query: closed({ from: Name, to: Name }), response: VersionDiff,
    handle: ({ dependencies, params, query }) => dependencies.repository.diff(params.repository, query.from, query.to),
  }),
];

const versions: readonly Operation[] = [
  operation({
    method: 'GET', path: '/repositories/{repository}/versions', id: 'listVersions', tag: 'repositories', summary: 'List the versions, oldest first.', errors: ['REPOSITORY_NOT_FOUND', 'VERSION_NOT_FOUND'],
    description: 'With `limit`: the newest ones, or the oldest of those after `after`.',
    params: inRepository, response: listOf(Version),
    query: closed({ after: Type.Optional(Type.String({ ...Name, description: 'Only those published after this one (a version or label).' })), before: Type.Optional(Type.String({ ...Name, description: 'Only those published before this one.' })), limit: PageLimit }),
    handle: ({ dependencies, params, query }) => dependencies.repository.listVersions(params.repository, query),
  }),
  operation({
    method: 'POST', path: '/repositories/{repository}/versions', id: 'publishVersion', tag: 'repositories', summary: 'Verify an artefact and publish it as a version.',
    description: 'Upload the files first: `findMissingBlobs`, then `putBlob` for each. A model that cannot be served is refused and leaves nothing behind.',
    errors: ['REPOSITORY_NOT_FOUND', 'VERSION_NOT_FOUND', 'VERSION_EXISTS', 'BLOB_MISSING', 'MODEL_INVALID', 'MODEL_UNSAFE', 'UNSUPPORTED', 'CONFLICT'],
    params: inRepository, body: VersionPublish, response: PublishResult,
    handle: ({ dependencies, params, body, actor }) => dependencies.repository.publish({ ...body, repository: params.repository, by: actor }),
  }),
  operation({
    method: 'GET', path: '/repositories/{repository}/versions/{version}', id: 'getVersion', tag: 'repositories', summary: 'Show a version, by its name or a label.',
    errors: ['REPOSITORY_NOT_FOUND', 'VERSION_NOT_FOUND'], params: ofVersion, response: Version,
    handle: ({ dependencies, params }) => dependencies.repository.getVersion(params.repository, params.version),
  }),
  operation({
    method: 'DELETE', path: '/repositories/{repository}/versions/{version}', id: 'deleteVersion', tag: 'repositories', summary: 'Delete a version that nothing uses.', status: 204,
    errors: ['REPOSITORY_NOT_FOUND', 'VERSION_NOT_FOUND', 'IN_USE'], params: ofVersion,
    handle: ({ dependencies, params, actor }) => dependencies.repository.deleteVersion(params.repository, params.version, { by: actor }),
  }),
  operation({
    method: 'GET', path: '/repositories/{repository}/versions/{version}/files/{path*}', id: 'downloadFile', tag: 'repositories', summary: 'Download a file of a version.',
    errors: ['REPOSITORY_NOT_FOUND', 'VERSION_NOT_FOUND', 'BLOB_NOT_FOUND'], contentTypesOut: ['application/octet-stream'],
    params: closed({ repository: Name, version: Name, path: Type.String({ minLength: 1, maxLength: 1024, description: 'Path inside the artefact.' }) }),
    handle: async ({ dependencies: { repository }, params, reply }) => {
      const { manifest } = await repository.getVersion(params.repository, params.version);
      const file = manifest.files.find(({ path }) => path === params.path);
      if (!file) throw new LeptonError('BLOB_NOT_FOUND', `${params.repository}:${params.version} has no file ${JSON.stringify(params.path)}; it has ${manifest.files.map(({ path }) => path).slice(0, 20).join(', ')}`);
      const { size, content } = await repository.openBlob(file.digest);
      return reply.header('content-length', size).header('etag', `"${file.digest}"`).type('application/octet-stream').send(content);
    },
  }),
];

const labels: readonly Operation[] = [
  operation({
    method: 'GET', path: '/repositories/{repository}/labels', id: 'listLabels', tag: 'repositories', summary: 'List the labels.', errors: ['REPOSITORY_NOT_FOUND'],
    params: inRepository, response: listOf(Label),
    handle: ({ dependencies, params }) => dependencies.repository.listLabels(params.repository),
  }),
  operation({
    method: 'PUT', path: '/repositories/{repository}/labels/{label}', id: 'moveLabel', tag: 'repositories', summary: 'Point a label to a version.',
    description: 'A label that live traffic follows only moves to a version that is ready wherever it is used.',
    errors: ['REPOSITORY_NOT_FOUND', 'VERSION_NOT_FOUND', 'CONFLICT', 'PRECONDITION_FAILED'], params: ofLabel, body: LabelMove, response: Label,
    handle: ({ dependencies, params, body, actor }) =>
      dependencies.repository.moveLabel(params.repository, params.label, body.version, { by: actor, ...(body.expect === undefined ? {} : { expect: body.expect }) }),
  }),
  operation({
    method: 'DELETE', path: '/repositories/{repository}/labels/{label}', id: 'deleteLabel', tag: 'repositories', summary: 'Delete a label.', status: 204,
    errors: ['REPOSITORY_NOT_FOUND', 'LABEL_NOT_FOUND', 'IN_USE', 'PRECONDITION_FAILED'], params: ofLabel,
    handle: ({ dependencies, params, actor }) => dependencies.repository.deleteLabel(params.repository, params.label, { by: actor }),
  }),
];

export const repositoryOperations: readonly Operation[] = [...repositories, ...versions, ...labels];
