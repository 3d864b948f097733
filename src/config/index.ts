export * from './client.ts';
export { loadConfig, type ConfigSources, type LoadedConfig } from './load.ts';
export * from './local.ts';
export { configurationMarkdown } from './markdown.ts';
export { isLoopback, parseAddress, parseBytes, parseMilliseconds } from './parse.ts';
export * from './priority.ts';
export * from './programs.ts';
export { SETTINGS, type Setting, type SettingType } from './settings.ts';
export type * from './types.ts';
