import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { encodeFrameHead, FrameType } from '../../src/wire/index.ts';
import { mutateBytes, mutateJson } from './mutate.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

/** How long an answer may take before the next bytes; silence is an answer too. */
const LISTEN_MS = 30;

/**
 * A socket of our own processes: golden frames with a wrong token, changed frames, and, where `token` is given, changed
 * frames behind the hello of a gateway. What it does with them is its own business as long as it lives.
 */
export function createFrameTarget(name: string, socketPath: () => string, token: string | null): FuzzTarget {
  const golden = goldenFrames();
  return {
    name,
    attack: async (random) => {
      const frames = await golden;
      const socket = connect(socketPath());
      socket.on('error', () => {}).resume();
      try {
        if (token !== null && random.chance(0.7)) {
          socket.write(encodeFrameHead(FrameType.hello, 0, { role: 'gateway', token }, 0));
          for (let count = 1 + random.below(3); count > 0; count--) socket.write(makeFrame(random, frames));
        } else socket.write(random.chance(0.5) ? mutateBytes(random, random.pick(frames)) : random.pick(frames));
        if (random.chance(0.3)) socket.end();
        await closedOrSilent(socket);
      } finally {
        socket.destroy();
      }
    },
    close: async () => {},
  };
}

function makeFrame(random: Random, golden: readonly Buffer[]): Buffer {
  if (random.chance(0.3)) return mutateBytes(random, random.pick(golden));
  const tensor = (input: string): object => ({ name: input, datatype: 'INT32', shape: [1, 16], bytes: 64 });
  const header = { items: [{ inputs: [tensor('INPUT0'), tensor('INPUT1')] }] };
  const body = random.bytes(random.chance(0.7) ? 128 : random.below(200));
  return Buffer.concat([encodeFrameHead(random.chance(0.9) ? FrameType.infer : random.pick(Object.values(FrameType)), random.below(10), random.chance(0.8) ? mutateJson(random, header) : header, body.length), body]);
}

async function goldenFrames(): Promise<Buffer[]> {
  const { frames } = JSON.parse(await readFile(new URL('../../protocol/frames.json', import.meta.url), 'utf8')) as { frames: { hex: string }[] };
  return frames.map(({ hex }) => Buffer.from(hex, 'hex'));
}

function closedOrSilent(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    let timer = setTimeout(resolve, LISTEN_MS);
    socket.on('data', () => {
      clearTimeout(timer);
      timer = setTimeout(resolve, LISTEN_MS);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
