const LEVEL_SECONDS = 30;
const TREND_SECONDS = 300;
const ERROR_SECONDS = 120;
/** Mean absolute deviation to standard deviation, of a normal distribution. */
const TO_SIGMA = 1.2533;

/**
 * A short forecast of a rate, with its own error: level and trend by exponential smoothing (Holt 1957) with weights by time, so that
 * observations may come at any interval, and the smoothed absolute error of each forecast of the next observation.
 */
export class DemandForecast {
  #level = 0;
  #trend = 0;
  #error = 0;
  #last = 0;
  #observed = false;

  /** What was seen over the last `seconds`, requests per second. */
  observe(rate: number, seconds: number): void {
    if (!this.#observed) [this.#level, this.#observed] = [rate, true];
    const expected = Math.max(0, this.#level + this.#trend * seconds);
    const weight = (time: number): number => 1 - Math.exp(-seconds / time);
    this.#error += weight(ERROR_SECONDS) * (Math.abs(rate - expected) - this.#error);
    const level = expected + weight(LEVEL_SECONDS) * (rate - expected);
    this.#trend += weight(TREND_SECONDS) * ((level - this.#level) / seconds - this.#trend);
    this.#level = level;
    this.#last = rate;
  }

  /** The highest rate in the next `seconds`, with `sigmas` standard deviations of error on top. What came last may be a step, so it is believed at once where it is higher. */
  upper(seconds: number, sigmas: number): number {
    return Math.max(0, Math.max(this.#last, this.#level + Math.max(0, this.#trend * seconds)) + sigmas * TO_SIGMA * this.#error);
  }

  get level(): number {
    return this.#level;
  }
}
