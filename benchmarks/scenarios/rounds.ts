/** Takes each measurement once a round, so that what disturbs the machine disturbs them alike; every other round backwards. */
export async function interleave<Key extends string, Value>(rounds: number, measurements: Readonly<Record<Key, () => Promise<Value>>>): Promise<Record<Key, Value[]>> {
  const names = Object.keys(measurements) as Key[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Key, Value[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 ? [...names].reverse() : names) results[name].push(await measurements[name]());
  }
  return results;
}
