import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Type } from 'typebox';
import { LeptonError } from '../../core/index.ts';
import { closed, Name } from './schemas/common.ts';
import { ServiceInput } from './schemas/service.ts';
import { compileCheck } from './validate.ts';

const refused = (pattern: RegExp) => (thrown: unknown) => thrown instanceof LeptonError && thrown.code === 'INVALID_ARGUMENT' && (pattern.test(thrown.message) || assert.fail(thrown.message));

describe('checks', () => {
  const body = compileCheck('body', ServiceInput);
  const query = compileCheck('query', closed({ wait: Type.Optional(Type.Number({ maximum: 600 })), force: Type.Optional(Type.Boolean()) }));

  it('name an unknown key and the nearest known one, at any depth', () => {
    assert.throws(() => body({ deployments: [{ version: 'a:b', repliccas: 2 }] }), refused(/^deployments\[0\] has the unknown key "repliccas": did you mean "replicas"\?/));
    assert.throws(() => body({ deploymens: [] }), refused(/did you mean "deployments"\?/));
    assert.throws(() => query({ waite: '3' }), refused(/^query has the unknown parameter "waite": did you mean "wait"\?/));
  });

  it('name the field and its value', () => {
    assert.throws(() => body({ deployments: [{ version: 5 }] }), refused(/^deployments\[0\]\.version .* but is 5$/));
    assert.throws(() => body({ deployments: [{ version: 'a:b', target: 'moon' }] }), refused(/deployments\[0\]\.target .*"moon"/));
    assert.throws(() => query({ wait: '601' }), refused(/^query parameter wait .*601/));
    assert.throws(() => body(undefined), refused(/needs a JSON body/));
    assert.throws(() => body('x'), refused(/^body /));
  });

  it('say a name’s rule in words', () => {
    const path = compileCheck('path', closed({ repository: Name }));
    assert.throws(() => path({ repository: 'my repo' }), refused(/^path parameter repository must be 1 to 128 letters, digits and \. _ \+ -, the first a letter or digit, but is "my repo"$/));
  });

  it('convert a query and never a body', () => {
    assert.deepEqual(query({ wait: '2.5', force: 'true' }), { wait: 2.5, force: true });
    assert.throws(() => query({ force: 'perhaps' }), refused(/force/));
    assert.throws(() => body({ deployments: [{ version: 'a:b', priority: '1' }] }), refused(/priority/));
  });

  it('take a refusal of a union from its nearest branch', () => {
    assert.throws(() => body({ deployments: [{ version: 'a:b', replicas: { min: 1, mx: 2 } }] }), refused(/deployments\[0\]\.replicas has the unknown key "mx": did you mean "max"\?/));
  });
});
