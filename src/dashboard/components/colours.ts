import { theme } from '../theme.ts';

/** Colours that stay apart for people who see some of them alike; further versions get the same again with another dash. */
const COLOURS = 8;
const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3]];

/** CSS colour of the nth version. */
export const colourOf = (index: number): string => `var(--v${index % COLOURS})`;
export const dashOf = (index: number): readonly number[] => DASHES[Math.floor(index / COLOURS) % DASHES.length] as readonly number[];

/** A token's value now, for a canvas. Follows the theme. */
export function tokenValue(name: string): string {
  theme.value;
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export const canvasColourOf = (index: number): string => tokenValue(`--v${index % COLOURS}`);
