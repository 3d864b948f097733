import type { LoadProcess } from '../load/load-process.ts';
import type { ModelEntry } from '../models/catalogue.ts';
import type { BenchModel } from '../models/model.ts';
import type { BenchPlatform } from '../platform/platform.ts';
import type { RawProcess } from '../raw/raw-process.ts';
import type { ScenarioReport } from '../report/report.ts';

/** What a scenario works with; everything that it starts ends with the scenario or the benchmark. */
export interface Bench {
  readonly quick: boolean;
  /** Directory for what is fetched once. */
  readonly cache: string;
  readonly raw: RawProcess;
  readonly load: LoadProcess;
  say(text: string): void;
  model(name: ModelEntry['name']): Promise<BenchModel>;
  startPlatform(): Promise<BenchPlatform>;
  /** Something that is being started ends after the scenario, whatever happens, also when it is still starting. */
  until<Thing extends Disposable>(starting: Promise<Thing>): Promise<Thing>;
}

export interface Disposable {
  dispose(): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  run(bench: Bench): Promise<Omit<ScenarioReport, 'scenario'>>;
}
