import { computed, signal } from '@preact/signals';
import { InferenceClient } from '../../clients/typescript/src/inference.ts';
import { LeptonClient } from '../../clients/typescript/src/management.ts';
import { store, stored } from './browser-store.ts';

/** Name that changes are made under. */
export const user = signal(stored('user') || 'dashboard');

export function setUser(name: string): void {
  store('user', name);
  user.value = name;
}

const send: typeof fetch = (input, init) => fetch(input, init);
const management = computed(() => new LeptonClient({ url: location.origin, user: user.value, fetch: send }));

/** The management API of the server that this page came from. */
export const api = (): LeptonClient => management.value;
export const inference = new InferenceClient({ url: location.origin, fetch: send });

/** What went wrong, as the server says it. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
