import { computed, effect, signal } from '@preact/signals';
import { store, stored } from './browser-store.ts';

export type ThemeChoice = 'system' | 'light' | 'dark';

const dark = matchMedia('(prefers-color-scheme: dark)');
const systemDark = signal(dark.matches);
dark.addEventListener('change', ({ matches }) => (systemDark.value = matches));

const before = stored('theme');
export const themeChoice = signal<ThemeChoice>(before === 'light' || before === 'dark' ? before : 'system');
/** What is shown now. */
export const theme = computed<'light' | 'dark'>(() => (themeChoice.value === 'system' ? (systemDark.value ? 'dark' : 'light') : themeChoice.value));

export function setTheme(choice: ThemeChoice): void {
  store('theme', choice);
  themeChoice.value = choice;
}

/** Keeps the document's theme equal to the choice. */
export function followTheme(): void {
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
  });
}
