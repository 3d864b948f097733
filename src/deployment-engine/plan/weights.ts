/** Arithmetic on percentages with two decimals, done in hundredths so that sums stay exact. */
export type Weights = Readonly<Record<string, number>>;

const WHOLE = 10_000;

/** The same proportions over a new total (percent), rounded to hundredths by largest remainder; sums to `total` exactly. */
export function scaleWeights(weights: Weights, total: number): Weights {
  const entries = Object.entries(weights).filter(([, weight]) => weight > 0);
  const sum = entries.reduce((all, [, weight]) => all + weight, 0);
  const target = Math.round(total * 100);
  if (sum <= 0 || target === 0) return {};
  const shares = entries.map(([version, weight]) => ({ version, exact: (weight / sum) * target, hundredths: Math.floor((weight / sum) * target) }));
  let missing = target - shares.reduce((all, share) => all + share.hundredths, 0);
  for (const share of [...shares].sort((a, b) => b.exact - b.hundredths - (a.exact - a.hundredths))) {
    if (missing-- <= 0) break;
    share.hundredths += 1;
  }
  return Object.fromEntries(shares.filter((share) => share.hundredths > 0).map((share) => [share.version, share.hundredths / 100]));
}

/** The weights without some versions, whose part the others take in proportion. Empty when nothing is left. */
export function withoutVersions(weights: Weights, gone: (version: string) => boolean): Weights {
  const kept = Object.fromEntries(Object.entries(weights).filter(([version]) => !gone(version)));
  return Object.keys(kept).length === Object.keys(weights).length ? weights : scaleWeights(kept, WHOLE / 100);
}

/** The weights with one version set to `weight`; the others give or take in proportion. */
export function withVersion(weights: Weights, version: string, weight: number): Weights {
  const others = Object.fromEntries(Object.entries(weights).filter(([name]) => name !== version));
  const rest = scaleWeights(others, 100 - weight);
  return weight > 0 ? { ...rest, [version]: Math.round(weight * 100) / 100 } : rest;
}
