import { LeptonError } from './errors.ts';

/** Names never become paths: files are named by digests and ids. The pattern only keeps names readable and URLs plain. */
export const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$';
const NAME = new RegExp(NAME_PATTERN);

/** Checks the name of a repository, version, label or service; throws INVALID_ARGUMENT with the value and the rule. */
export function checkName(kind: 'repository' | 'version' | 'label' | 'service', value: unknown): string {
  if (typeof value === 'string' && NAME.test(value)) return value;
  throw new LeptonError('INVALID_ARGUMENT', `${kind} name ${JSON.stringify(value)?.slice(0, 200)} is not allowed: 1 to 128 letters, digits and . _ + -, the first a letter or digit`);
}

/** A version's full name, `repository:version`. */
export function formatReference(repository: string, version: string): string {
  return `${repository}:${version}`;
}

/** Parses `repository:version` (the version part may be a label). Throws INVALID_ARGUMENT. */
export function parseReference(text: string): { repository: string; version: string } {
  const parts = text.split(':');
  const [repository, version] = parts;
  if (parts.length !== 2 || !repository || !version) throw new LeptonError('INVALID_ARGUMENT', `${JSON.stringify(text)} is not a version reference: write repository:version, for example my-model:v1.0`);
  return { repository: checkName('repository', repository), version: checkName('version', version) };
}

/** The candidate nearest to a misspelt word (Levenshtein distance ≤ 3), for messages that say what was meant. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = 4;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate, bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? limit;
}
