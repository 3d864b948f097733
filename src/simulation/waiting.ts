/**
 * Probability that a request waits longer than `seconds` with `servers` that each serve `rate` of the `arrivals` per second: Erlang's C
 * and an exponential tail, exact for M/M/c; `variation` of the service time scales the tail (Allen and Cunneen's approximation).
 */
export function waitTail(arrivals: number, rate: number, servers: number, variation: number, seconds: number): number {
  const capacity = rate * servers;
  if (arrivals <= 0) return 0;
  if (seconds < 0 || arrivals >= capacity) return 1;
  return erlangC(arrivals / rate, servers) * Math.exp((-(capacity - arrivals) * seconds * 2) / (1 + variation ** 2));
}

/** Probability that a request finds all servers busy, of so many Erlangs < servers. */
export function erlangC(erlangs: number, servers: number): number {
  let blocked = 1;
  for (let busy = 1; busy <= servers; busy++) blocked = (erlangs * blocked) / (busy + erlangs * blocked);
  const load = erlangs / servers;
  return blocked / (1 - load + load * blocked);
}
