import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { frameworkEnvironment, testEnvironment } from '../../scripts/tests/python-tests.ts';
import { ROOT } from '../../test/e2e/harness.ts';
import { measureClient } from '../python/client.ts';
import { measureImports } from '../python/imports.ts';
import { measureResave } from '../python/resave.ts';
import { type ServedModel, serveModel } from '../python/served-model.ts';
import { measureThroughput, throughputTable } from '../python/throughput.ts';
import { measureWorkerMemory } from '../python/worker-memory.ts';
import type { Line, Table } from '../report/report.ts';
import type { Scenario } from './scenario.ts';
import { warmUp } from './warm-up.ts';

/** The SDK, the client and the Python worker. PyTorch only where its environment was made: it is 6 GB. */
export const python: Scenario = {
  name: 'python',
  about: 'Python client and worker beside bare sockets and calls in process, import, saving again',
  async run(bench) {
    const interpreter = await testEnvironment(ROOT);
    if (!interpreter) throw new Error('no virtual environment could be made: Python 3.11 with venv is needed');
    const frameworks = join(frameworkEnvironment(ROOT), 'bin/python');
    const withTorch = existsSync(join(frameworkEnvironment(ROOT), '.requirements'));
    if (!withTorch) bench.say('no PyTorch lines: make test-frameworks makes the environment that they need');
    const imports = await measureImports(interpreter);
    const platform = await bench.startPlatform();
    await warmUp(bench, platform);
    bench.say('Python client beside a bare socket');
    const client = await measureClient(bench, platform, interpreter);
    const models: ServedModel[] = [await serveModel(bench, platform, { name: 'rule', text: 'a class of rules', interpreter }), await serveModel(bench, platform, { name: 'sklearn', text: 'a scikit-learn forest', interpreter })];
    if (withTorch) models.push(await serveModel(bench, platform, { name: 'torch', text: 'a PyTorch network', interpreter: frameworks }));
    const memory = await measureWorkerMemory(platform, models);
    const throughput: { lines: Line[]; rows: Table['rows'] }[] = [];
    for (const model of models.filter(({ name }) => name !== 'rule')) {
      bench.say(`${model.text} in process and in a service`);
      throughput.push(await measureThroughput(bench, platform, model));
    }
    bench.say('1 GB saved, and again');
    const resave = await measureResave(bench, platform, interpreter);
    return {
      lines: [...client.lines, ...throughput.flatMap(({ lines }) => lines), ...resave, ...imports.lines, ...memory.lines],
      tables: [client.table, throughputTable(throughput.flatMap(({ rows }) => rows)), imports.table, memory.table],
    };
  },
};
