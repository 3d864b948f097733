import { signal } from '@preact/signals';
import { stored, store } from '../browser-store.ts';
import { en, type MessageKey } from './en.ts';
import { zh } from './zh.ts';

export type { MessageKey } from './en.ts';
export const LANGUAGES = { en: 'English', zh: '简体中文' } as const;
export type Language = keyof typeof LANGUAGES;

const CATALOGUES: Readonly<Record<Language, Readonly<Record<MessageKey, string>>>> = { en, zh };
const TAGS: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-CN' };

/** The language in use: chosen here before, else the first of the browser's that we have. */
export const language = signal<Language>(chosen());

function chosen(): Language {
  const before = stored('language');
  if (before === 'en' || before === 'zh') return before;
  const first = navigator.languages.map((tag) => tag.toLowerCase().split('-')[0]).find((tag) => tag === 'en' || tag === 'zh');
  return (first as Language | undefined) ?? 'en';
}

export function setLanguage(value: Language): void {
  store('language', value);
  language.value = value;
}

/** For Intl and the document. */
export const languageTag = (): string => TAGS[language.value];

/** A message in the language in use, its `{name}`s replaced. */
export function t(key: MessageKey, parameters: Readonly<Record<string, string | number>> = {}): string {
  return CATALOGUES[language.value][key].replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(parameters, name) ? String(parameters[name]) : whole));
}
