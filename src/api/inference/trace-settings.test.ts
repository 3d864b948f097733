import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeptonError } from '../../core/index.ts';
import type { DataPlane } from './dispatch/index.ts';
import { traceSettings, updateTraceSettings } from './trace-settings.ts';

// Only settings of one model ask it anything.
const PLANE = {} as DataPlane;

test('what is in force already, in any of its forms, and what clears a setting is taken', () => {
  for (const changes of [{ trace_level: ['OFF'] }, { trace_level: 'OFF' }, { trace_rate: 1000 }, { trace_rate: ['1000'] }, { trace_rate: null }]) assert.deepEqual(updateTraceSettings(PLANE, null, changes), traceSettings(PLANE, null));
});

test('anything else is refused by its value, however deep', () => {
  const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as unknown;
  for (const [changes, code, words] of [
    [{ trace_level: ['TIMESTAMPS', 'TENSORS'] }, 'UNSUPPORTED', /trace_level: "TIMESTAMPS, TENSORS" is not possible/],
    [{ trace_level: deep }, 'UNSUPPORTED', /trace_level: "an array of 1" is not possible/],
    [{ trace_rate: {} }, 'UNSUPPORTED', /trace_rate: an object is not possible/],
    [{ trace_speed: 1 }, 'INVALID_ARGUMENT', /"trace_speed" is not a trace setting/],
  ] as const) assert.throws(() => updateTraceSettings(PLANE, null, changes), (error) => error instanceof LeptonError && error.code === code && words.test(error.message));
});
