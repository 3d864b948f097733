import { t } from '../i18n/index.ts';
import { percent, perSecond } from '../format.ts';
import { visible } from '../text.ts';

export interface FlowTarget {
  readonly name: string;
  readonly href: string;
  /** CSS colour. */
  readonly colour: string;
  /** Of the whole, 0 to 1, as the traffic policy says; null: it has none. */
  readonly wanted: number | null;
  /** Of the whole, 0 to 1, as measured; null: nothing was answered. */
  readonly real: number | null;
  readonly requestsPerSecond: number | null;
  readonly note?: string;
}

interface FlowProps {
  readonly source: string;
  readonly targets: readonly FlowTarget[];
  readonly label: string;
}

const ROW = 46;
const WIDTH = 560;
const [SOURCE_X, TARGET_X] = [120, 270];
const BAND_MAX = 32;

/**
 * Where requests go, as bands whose width is their share: filled what is measured, outlined what is wanted.
 *
 *   requests ━━━━━━┳━━━━━━▶ v1
 *                  ┗━━▶ v2
 */
export function Flow({ source, targets, label }: FlowProps) {
  const height = Math.max(ROW, targets.length * ROW) + 8;
  const middle = height / 2;
  return (
    <div class="flow">
      <svg viewBox={`0 0 ${WIDTH} ${height}`}>
        <title>{label}</title>
        {targets.map((target, index) => <Band key={target.name} target={target} fromY={middle} toY={4 + ROW * index + ROW / 2} />)}
        <rect x={8} y={middle - 21} width={SOURCE_X - 8} height={42} rx={8} class="flow-source" />
        <text x={SOURCE_X / 2 + 4} y={middle + 5} text-anchor="middle" class="flow-title">{shortened(source, 15)}</text>
        {targets.map((target, index) => <Label key={target.name} target={target} y={4 + ROW * index + ROW / 2} />)}
      </svg>
    </div>
  );
}

function Band({ target, fromY, toY }: { readonly target: FlowTarget; readonly fromY: number; readonly toY: number }) {
  const path = `M${SOURCE_X} ${fromY} C${SOURCE_X + 75} ${fromY} ${TARGET_X - 75} ${toY} ${TARGET_X} ${toY}`;
  const widthOf = (share: number | null): number => (share === null || share <= 0 ? 0 : Math.max(1.5, share * BAND_MAX));
  const [wanted, real] = [widthOf(target.wanted), widthOf(target.real)];
  return (
    <g>
      {wanted > 0 && <path d={path} fill="none" stroke={target.colour} stroke-width={wanted} opacity={0.22} />}
      {real > 0 && <path d={path} fill="none" stroke={target.colour} stroke-width={real} opacity={0.75} />}
      {wanted === 0 && real === 0 && <path d={path} fill="none" stroke="var(--line)" stroke-width={1.5} stroke-dasharray="4 4" />}
    </g>
  );
}

function Label({ target, y }: { readonly target: FlowTarget; readonly y: number }) {
  const { name, href, wanted, real, requestsPerSecond, note } = target;
  const shares = [wanted === null ? '' : t('flow.wanted', { share: percent(wanted) }), real === null ? '' : t('flow.real', { share: percent(real) }), requestsPerSecond === null ? '' : perSecond(requestsPerSecond), note ?? ''].filter(Boolean).join(' · ');
  return (
    <a href={href}>
      <circle cx={TARGET_X + 8} cy={y - 7} r={5} fill={target.colour} />
      <text x={TARGET_X + 20} y={y - 2} class="flow-title">{shortened(name, 34)}</text>
      <text x={TARGET_X + 20} y={y + 14} class="flow-note">{shares}</text>
    </a>
  );
}

const shortened = (text: string, characters: number): string => (text.length > characters ? `${visible(text).slice(0, characters - 1)}…` : visible(text));

/** Shares side by side: a bar. */
export function ShareBar({ shares, label }: { readonly shares: readonly { readonly name: string; readonly share: number; readonly colour: string }[]; readonly label: string }) {
  return (
    <div class="bar" role="img" aria-label={label}>
      {shares.filter(({ share }) => share > 0).map(({ name, share, colour }) => <span key={name} style={{ flex: `${share} 1 0`, background: colour }} title={`${visible(name)} ${percent(share)}`} />)}
    </div>
  );
}
