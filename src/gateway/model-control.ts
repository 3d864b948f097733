import type { ModelControl } from '../api/inference/index.ts';
import type { ControlCalls } from './control-calls.ts';
import { callControl } from './control-client.ts';

const LIST_TIMEOUT_MS = 5_000;
/** Control answers within the load time-out of the versions; this bounds what a very long one may hold. */
const CHANGE_TIMEOUT_MS = 900_000;

/** Loading and unloading is the engine's; control does it. */
export function createModelControl(calls: ControlCalls): ModelControl {
  return {
    loadable: async () => JSON.parse(await callControl(calls, { method: 'GET', path: '/models', timeoutMs: LIST_TIMEOUT_MS })) as Awaited<ReturnType<ModelControl['loadable']>>,
    change: async ({ by, ...change }) => {
      await callControl(calls, { method: 'POST', path: '/models', body: change, ...(by && { headers: { 'lepton-user': by } }), timeoutMs: CHANGE_TIMEOUT_MS });
    },
  };
}
