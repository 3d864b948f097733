import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { clientTypes } from '../../../scripts/generate.ts';
import { ERRORS } from '../../core/index.ts';
import { managementOpenApi } from './index.ts';
import { OPERATIONS } from './server.ts';

interface Described {
  operationId: string;
  summary: string;
  tags: string[];
  parameters: { name: string; in: string; schema: object }[];
  requestBody?: { content: object };
  responses: Record<string, { description: string; content?: object }>;
}
const document = JSON.parse(JSON.stringify(managementOpenApi('1.2.3'))) as { openapi: string; info: { version: string }; paths: Record<string, Record<string, Described>>; components: { schemas: Record<string, object> } };
const described = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));

describe('the OpenAPI document', () => {
  it('is 3.1 and has every operation once', () => {
    assert.equal(document.openapi, '3.1.0');
    assert.equal(document.info.version, '1.2.3');
    assert.equal(described.length, OPERATIONS.length);
    assert.equal(new Set(described.map(({ operation }) => operation.operationId)).size, OPERATIONS.length);
  });

  it('describes each operation: summary, tag, parameters of the path, errors', () => {
    for (const { path, method, operation } of described) {
      assert.match(operation.summary, /\.$/, operation.operationId);
      assert.equal(operation.tags.length, 1);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      assert.deepEqual(operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name).sort(), inPath.sort(), `${method} ${path}`);
      assert.ok(operation.responses['400'] && operation.responses['500'] && Object.keys(operation.responses).some((status) => status.startsWith('2')));
      assert.equal(Boolean(operation.requestBody), ['post', 'put', 'patch'].includes(method), `${method} ${path}`);
    }
  });

  it('lists errors by the status that the error table gives them', () => {
    const stop = described.find(({ operation }) => operation.operationId === 'publishVersion');
    assert.ok(stop?.operation.responses[String(ERRORS.MODEL_INVALID.http)]?.description.includes('MODEL_INVALID'));
  });

  it('has only references that resolve, and no trace of the schema library', () => {
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) assert.ok(document.components.schemas[name as string], name);
    assert.doesNotMatch(text, /"~/);
  });

  it('is what the committed client types were generated from', async () => {
    const committed = readFileSync(new URL('../../../clients/typescript/src/schema.d.ts', import.meta.url), 'utf8');
    assert.equal(await clientTypes(), committed, 'run: node_modules/.bin/node scripts/generate.ts');
  });
});
