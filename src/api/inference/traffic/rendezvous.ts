import { hashToUnit } from './hash.ts';

/**
 * Weighted rendezvous hashing (Schindelhauer & Schomaker, "Weighted Distributed Hash Tables", SPAA 2005): every version
 * runs for the key with score −weight / ln(h), h the hash of key and version; the highest wins, which happens with
 * probability weight / Σ weights.
 *
 * It needs no memory of earlier decisions, so any gateway decides alike, and after a change of weights
 * - a key only moves to a version whose share grew against the share of the one that it leaves;
 * - between two versions, and when one version takes from all others in proportion (a canary), exactly the
 *   total-variation distance of the weights moves, the least possible;
 * - otherwise slightly more: no mapping without memory can reach the distance for all changes
 *   (Moulton & Jiang, "Maximally Consistent Sampling", 2018, show that this one cannot be improved everywhere).
 */
export function rendezvous(weights: readonly (readonly [version: string, weight: number])[], key: string): string {
  let best = '';
  let bestScore = -1;
  for (const [version, weight] of weights) {
    const score = -weight / Math.log(hashToUnit(`${key}\0${version}`));
    if (score > bestScore) [best, bestScore] = [version, score];
  }
  return best;
}
