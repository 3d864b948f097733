import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf } from '../platform/usage.ts';
import type { Line } from '../report/report.ts';
import { summarise } from '../report/statistics.ts';
import type { Scenario } from './scenario.ts';

const MEGA = 1e6;

/** Resident memory of an idle platform, and of an idle worker beyond its model. */
export const memory: Scenario = {
  name: 'memory',
  about: 'memory of the idle platform and of an idle ONNX worker',
  async run(bench) {
    const platform = await bench.startPlatform();
    const settle = (): Promise<void> => sleep(bench.quick ? 3_000 : 15_000);
    await settle();
    const idle = [...platform.processes()].map(([pid, role]) => ({ role, ...memoryOf(pid) }));
    const model = await bench.model('toy');
    const image = await bench.model('image');
    await platform.serve(model);
    await platform.serve(image);
    await settle();
    const workers = [...platform.processes()].filter(([, role]) => role === 'worker').map(([pid]) => memoryOf(pid));
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / MEGA;
    const modelMega = statSync(image.file).size / MEGA;
    const line = (id: string, text: string, samples: readonly number[], goal?: number): Line => ({ id, text, unit: 'MB', summary: summarise(samples), ...(goal ? { goal: { at: 'most', value: goal } } : {}) });
    const lines = [
      line('memory-idle-rss', 'idle platform without models, RSS of all its processes', [sum(idle.map(({ rssBytes }) => rssBytes))], 200),
      line('memory-idle-pss', 'idle platform without models, PSS of all its processes', [sum(idle.map(({ pssBytes }) => pssBytes))]),
      line('memory-worker-rss', 'idle ONNX worker, RSS less its model', workers.map(({ rssBytes }, index) => rssBytes / MEGA - (index ? modelMega : 0)), 80),
      line('memory-worker-pss', 'idle ONNX worker, PSS less its model', workers.map(({ pssBytes }, index) => pssBytes / MEGA - (index ? modelMega : 0))),
      line('memory-worker-private', 'idle ONNX worker, memory that is its alone, less its model', workers.map(({ privateBytes }, index) => privateBytes / MEGA - (index ? modelMega : 0))),
    ];
    return { lines, tables: [{ title: 'memory by process', columns: ['', 'RSS MB', 'PSS MB', 'private MB'], rows: [...idle, ...workers.map((worker) => ({ role: 'worker', ...worker }))].map(({ role, rssBytes, pssBytes, privateBytes }) => [role, rssBytes / MEGA, pssBytes / MEGA, privateBytes / MEGA]) }] };
  },
};
