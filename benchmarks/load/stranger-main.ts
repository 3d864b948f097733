/** A process that has nothing to do with the server and keeps a share of one core busy, in pieces of a millisecond's share. */
import { answerCalls } from '../child.ts';

const PERIOD_MS = 1;
let timer: NodeJS.Timeout | undefined;

answerCalls({
  start: (share: number) => {
    clearInterval(timer);
    timer = setInterval(() => {
      for (const end = performance.now() + share * PERIOD_MS; performance.now() < end; );
    }, PERIOD_MS);
  },
  stop: () => clearInterval(timer),
});
