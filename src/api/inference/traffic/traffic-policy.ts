import { LeptonError, type ServiceRoute } from '../../../core/index.ts';
import { Deck, type Random } from './deck.ts';
import { rendezvous } from './rendezvous.ts';

/** What a request says about who should answer it. */
export interface VersionChoice {
  /** A version's name, or a label. */
  readonly pinned?: string | null | undefined;
  readonly stickyKey?: string | undefined;
}

/** A service's traffic, compiled when the table arrives. */
export interface TrafficPolicy {
  /**
   * The version that answers. Throws VERSION_NOT_FOUND for a pinned name that is neither version nor label, and
   * VERSION_NOT_READY when no version may answer a request that names none.
   */
  pickVersion(choice: VersionChoice): string;
  /** Whether an earlier policy can go on dealing its cards: nothing that it decides by has changed. */
  equals(route: ServiceRoute): boolean;
}

/** Compiles a route: pinned version, then label, then sticky key, then weights. */
export function compileTrafficPolicy(route: ServiceRoute, random: Random): TrafficPolicy {
  const names = new Set(route.versions.map((version) => version.version));
  const labels = new Map(Object.entries(route.labels));
  const weights = Object.entries(route.weights).filter(([, weight]) => weight > 0);
  const deck = weights.length > 1 ? new Deck(Object.fromEntries(weights), random) : null;
  const only = weights[0]?.[0];
  const fingerprint = fingerprintOf(route);

  const pickPinned = (pinned: string): string => {
    if (names.has(pinned)) return pinned;
    const labelled = labels.get(pinned);
    if (labelled !== undefined && names.has(labelled)) return labelled;
    // Triton's own words for what is no number, which its clients look for.
    const text = /^\d+$/.test(pinned) ? '' : `: failed to get model version from specified version string '${clip(pinned)}'`;
    throw new LeptonError('VERSION_NOT_FOUND', `Request for unknown model: '${route.service}' version '${clip(pinned)}' is not found; it has ${describe(names, labels)}${text}`);
  };
  return {
    pickVersion({ pinned, stickyKey }) {
      if (pinned) return pickPinned(pinned);
      if (only === undefined) throw new LeptonError('VERSION_NOT_READY', `no version of '${route.service}' takes traffic yet; it has ${describe(names, labels)}`, { retryAfterSeconds: 1 });
      if (deck === null) return only;
      return stickyKey === undefined ? deck.draw() : rendezvous(weights, stickyKey);
    },
    equals: (other) => fingerprintOf(other) === fingerprint,
  };
}

const fingerprintOf = (route: ServiceRoute): string => JSON.stringify([Object.entries(route.weights), Object.entries(route.labels).sort(), route.versions.map((version) => version.version).sort()]);

function describe(names: ReadonlySet<string>, labels: ReadonlyMap<string, string>): string {
  const versions = names.size ? `the versions ${listed(names)}` : 'no versions';
  return labels.size ? `${versions} and the labels ${listed(labels.keys())}` : versions;
}

/** At most 20 names: a message is for people. */
function listed(names: Iterable<string>): string {
  const all = [...names].map((name) => `'${name}'`);
  return all.length <= 20 ? all.join(', ') : `${all.slice(0, 20).join(', ')} and ${all.length - 20} more`;
}

const clip = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text);
