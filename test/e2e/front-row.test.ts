/** Who answers quickly and takes little stands in front of who works long. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { scaleModel, slowModel } from '../../src/testing/onnx-models.ts';
import { scaleRequest, TestPlatform, until } from './harness.ts';
import { descriptor, PYTHON } from './support/python-models.ts';

const OTHER = 0;
const ROUND_ROBIN = 2;

/** Field 41 of proc_pid_stat(5). */
function policyOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38]);
}
/** Path of the control group that a controller has a process in; version 1. */
const groupOf = (pid: number, controller: string): string | undefined => readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n').find((line) => line.split(':')[1] === controller)?.split(':')[2];

/** Gives back what it gets; for a seven it computes for a while first. */
const SPINNER = `
import time

class Spinner:
    def load(self):
        pass

    def predict(self, x):
        if (x == 7).any():
            end = time.monotonic() + 20
            while time.monotonic() < end:
                pass
        return x
`;

describe('the front row', { skip: process.getuid?.() !== 0 && 'it takes root' }, () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.start();
    await platform.publish('scale', 'v1', scaleModel(2));
    await platform.publish('slow', 'v1', slowModel(30));
    await platform.publishFiles('spinner', 'v1', { 'lepton-model.json': descriptor({ format: 'python', entry: 'model.py', options: { class: 'Spinner' }, python: PYTHON, requirements: [] }), 'model.py': Buffer.from(SPINNER) });
    for (const name of ['scale', 'slow', 'spinner']) await platform.api('PUT', `/services/${name}?wait=120`, { deployments: [{ version: `${name}:v1` }], traffic: { version: 'v1' } });
  });
  after(() => platform.dispose());

  const worker = async (service: string): Promise<number> => (await platform.workerPids(service, 'v1'))[0] as number;

  it('takes in the gateway and workers with short runs, out of the CPU group of those where that has no real-time class', async () => {
    const [gateway, scale, slow] = [await platform.gatewayPid(), await worker('scale'), await worker('slow')];
    await until('they are in front', () => [gateway, scale].every((pid) => policyOf(pid) === ROUND_ROBIN));
    assert.equal(policyOf(slow), OTHER);
    if (groupOf(slow, 'memory')?.includes('lepton-')) assert.match(groupOf(scale, 'memory') ?? '', /lepton-/, 'its memory is still counted');
    assert.equal((await platform.infer('scale/infer', scaleRequest())).status, 200);
  });

  it('sends back a worker that takes a core, into its group', async () => {
    const pid = await worker('spinner');
    await until('it is in front', () => policyOf(pid) === ROUND_ROBIN);
    const seven = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [7, 7, 7, 7] }] };
    const answer = platform.infer('spinner/infer', seven);
    await until('it is as everybody', () => policyOf(pid) === OTHER);
    if (groupOf(pid, 'memory')?.includes('lepton-')) await until('it is in its group', () => /lepton-.*worker-/.test(groupOf(pid, 'cpu') ?? ''));
    assert.equal(policyOf(await platform.gatewayPid()), ROUND_ROBIN);
    assert.equal((await answer).status, 200);
  });
});
