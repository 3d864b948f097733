import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../core/index.ts';
import { GatewayFixture } from '../../testing/gateway-fixture.ts';
import { until } from '../../testing/until.ts';
import { type GatewayLink, linkGateway } from './gateway-link.ts';

describe('gateway link', () => {
  let gateway: GatewayFixture;
  let link: GatewayLink;
  const lost: string[] = [];
  before(async () => {
    gateway = await GatewayFixture.start();
    const { socketPath, token } = gateway.config;
    link = await linkGateway({ socketPath, token, timeoutMs: 5_000 }, systemClock, { onNews: () => {}, onDemand: () => {}, onTrouble: () => {}, onWake: () => {}, answerCall: async () => ({ status: 200, headers: {}, body: Buffer.alloc(0) }), onLost: (why) => lost.push(why) });
  });
  after(async () => {
    link.close();
    gateway.process.kill('SIGCONT');
    await gateway.close();
  });

  it('does not take a pause of our own for silence of the gateway', async () => {
    await until('the gateway is heard', () => link.demand !== null);
    // A stopped process, a slow disk: nothing of ours runs for longer than a gateway may be silent. After an immediate, as after
    // I/O, timers come before sockets are read.
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6_500);
        resolve();
      });
    });
    const before = link.demand;
    await until('the gateway is heard again or lost', () => link.demand !== before || lost.length > 0);
    assert.deepEqual(lost, []);
  });

  it('finds a stopped (SIGSTOP) gateway lost', async () => {
    gateway.process.kill('SIGSTOP');
    await until('it is lost', () => lost.length > 0);
    assert.match(lost[0] as string, /^no answer for \d+ ms$/);
  });
});
