import type { ServiceStatus, VersionStatus } from '../../../clients/typescript/src/types.ts';
import { type MessageKey, t } from '../i18n/index.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'accent' | 'plain';

export function Badge({ tone = 'plain', text, title }: { readonly tone?: Tone; readonly text: string; readonly title?: string }) {
  return <span class={`badge ${tone}`} title={title}>{tone !== 'plain' && tone !== 'accent' && <span class="dot" aria-hidden="true" />}{text}</span>;
}

const PHASE_TONES: Readonly<Record<VersionStatus['phase'], Tone>> = { ready: 'good', recovering: 'warn', asleep: 'plain', waking: 'warn', starting: 'warn', failed: 'bad', draining: 'warn', drained: 'plain', unloaded: 'plain' };

export function PhaseBadge({ version }: { readonly version: VersionStatus }) {
  return <Badge tone={PHASE_TONES[version.phase]} text={t(`phase.${version.phase}`)} />;
}

/** How a service is, in one word. */
export type Health = 'ready' | 'progressing' | 'degraded' | 'down';
const HEALTH_TONES: Readonly<Record<Health, Tone>> = { ready: 'good', progressing: 'warn', degraded: 'warn', down: 'bad' };

export function healthOf({ conditions }: ServiceStatus): Health {
  const holds = (type: string): boolean => conditions.some((condition) => condition.type === type && condition.status);
  if (!holds('Ready')) return holds('Progressing') ? 'progressing' : 'down';
  return holds('Degraded') ? 'degraded' : holds('Progressing') ? 'progressing' : 'ready';
}

export function HealthBadge({ service }: { readonly service: ServiceStatus }) {
  const health = healthOf(service);
  return <Badge tone={HEALTH_TONES[health]} text={t(`health.${health}` as MessageKey)} />;
}
