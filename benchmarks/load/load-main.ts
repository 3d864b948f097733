/** The load process: a client apart from the server and from the benchmark that watches both. */
import { answerCalls } from '../child.ts';
import { LoadDriver } from './driver.ts';
import type { LoadPlan } from './plan.ts';

let driver: LoadDriver | undefined;

answerCalls({
  start: (plan: LoadPlan) => {
    driver?.stop();
    driver = new LoadDriver(plan);
    driver.start();
  },
  take: () => driver?.take(),
  stop: () => {
    const last = driver?.stop();
    driver = undefined;
    return last;
  },
});
