import { dirname } from 'node:path';
import { childEnvironment, pythonPackagesPath } from '../../../config/index.ts';
import { environmentOf, LeptonError } from '../../../core/index.ts';
import type { Preparation, Runtime, WorkerCommand } from '../runtime.ts';
import type { Environments } from './environments/environments.ts';

/** Every format but ONNX: the package `lepton_ai_worker` in a process of the version's own Python. */
export class PythonRuntime implements Runtime {
  readonly #environments: Environments;

  constructor(environments: Environments) {
    this.#environments = environments;
  }

  async prepare({ manifest, ...waiter }: Preparation): Promise<WorkerCommand> {
    const spec = environmentOf(manifest);
    if (!spec) throw new LeptonError('CORRUPT', `the manifest of this ${manifest.format} version names no Python environment`);
    const { interpreter, isolated, places, userBase } = await this.#environments.interpreterFor(spec, waiter);
    return (configPath) => ({
      file: interpreter,
      args: ['-m', 'lepton_ai_worker', configPath],
      env: childEnvironment({ PYTHONPATH: pythonPackagesPath(), PYTHONSAFEPATH: '1', PYTHONUNBUFFERED: '1', ...(isolated ? { PYTHONNOUSERSITE: '1' } : { PYTHONUSERBASE: userBase }) }),
      reads: [pythonPackagesPath(), dirname(interpreter), ...places],
    });
  }
}
