import { LoadProcess } from './load/load-process.ts';
import type { ModelEntry } from './models/catalogue.ts';
import { type BenchModel, loadModel } from './models/model.ts';
import { BenchPlatform } from './platform/platform.ts';
import { RawProcess } from './raw/raw-process.ts';
import type { Bench, Disposable } from './scenarios/scenario.ts';

/** What scenarios work with, and the order to end it in. */
export class Workbench implements Bench {
  readonly quick: boolean;
  readonly cache: string;
  readonly raw = new RawProcess();
  readonly load = new LoadProcess();
  readonly say: (text: string) => void;
  readonly #models = new Map<string, Promise<BenchModel>>();
  #endings: (() => Promise<void>)[] = [];

  constructor(options: { quick: boolean; cache: string; say: (text: string) => void }) {
    ({ quick: this.quick, cache: this.cache, say: this.say } = options);
  }

  model(name: ModelEntry['name']): Promise<BenchModel> {
    const known = this.#models.get(name) ?? loadModel(name, this.cache, this.raw);
    this.#models.set(name, known);
    return known;
  }

  startPlatform(): Promise<BenchPlatform> {
    return this.until(BenchPlatform.start());
  }

  until<Thing extends Disposable>(starting: Promise<Thing>): Promise<Thing> {
    this.#endings.push(() => starting.then((thing) => thing.dispose(), () => undefined));
    return starting;
  }

  /** Ends what a scenario has started, the newest first. */
  async endScenario(): Promise<void> {
    const endings = this.#endings.reverse();
    this.#endings = [];
    for (const dispose of endings) await dispose().catch((error: Error) => this.say(`could not end: ${error.message}`));
  }

  async dispose(): Promise<void> {
    await this.endScenario();
    await Promise.all([this.raw.dispose(), this.load.dispose()]);
  }
}
