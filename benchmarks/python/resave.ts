import type { BenchPlatform } from '../platform/platform.ts';
import type { Line } from '../report/report.ts';
import { summarise } from '../report/statistics.ts';
import type { Bench } from '../scenarios/scenario.ts';
import { PythonChild } from './python-child.ts';

interface Saved {
  readonly seconds: number;
  readonly modelBytes: number;
  readonly contentBytes: number;
  readonly wireBytes: number;
  readonly memoryBytes: number;
}

/** A model of 1 GB saved, and the same again, through a proxy that counts (resave_main.py). */
export async function measureResave(bench: Bench, platform: BenchPlatform, interpreter: string): Promise<Line[]> {
  const child = await bench.until(Promise.resolve(new PythonChild(interpreter, 'resave_main.py', [`http://127.0.0.1:${platform.httpPort}`])));
  const first = await child.call<Saved>('save');
  if (first.contentBytes < first.modelBytes) throw new Error(`the first save sent ${first.contentBytes} of ${first.modelBytes} bytes`);
  const again: Saved[] = [];
  for (let round = 0; round < (bench.quick ? 1 : 3); round++) again.push(await child.call<Saved>('save'));
  await child.dispose();
  const of = (saves: readonly Saved[], read: (saved: Saved) => number): Line['summary'] => summarise(saves.map(read));
  return [
    { id: 'python-resave-bytes', text: 'identical 1 GB model saved again: bytes of it on the wire', unit: 'bytes', summary: of(again, ({ contentBytes }) => contentBytes), goal: { at: 'most', value: 0 }, note: `${again[0]?.wireBytes} bytes of questions` },
    { id: 'python-resave-seconds', text: 'identical 1 GB model saved again: time, written and hashed anew', unit: 's', summary: of(again, ({ seconds }) => seconds) },
    { id: 'python-save-seconds', text: '1 GB model saved: time, with scan, check and upload', unit: 's', summary: of([first], ({ seconds }) => seconds) },
    { id: 'python-save-memory', text: '1 GB model saved: most memory beyond the model', unit: 'MB', summary: of([first, ...again], ({ memoryBytes }) => memoryBytes / 1e6) },
  ];
}
