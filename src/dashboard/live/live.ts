import { effect, signal } from '@preact/signals';
import type { Alert, PlatformEvent, PlatformStatus, Repository, ServiceStatus } from '../../../clients/typescript/src/types.ts';
import { api, messageOf } from '../api.ts';
import { stored, store } from '../browser-store.ts';
import { SampleRing } from './samples.ts';

export const EVENTS_MAX = 1000;
const REPOSITORIES_MAX = 1000;
/** A burst of events is one refresh. */
const EVENT_DELAY_MS = 150;
/** A large platform is asked less often: reading takes at most this part of the time. */
const READING_PART = 1 / 8;
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;

/** Lists are null until they are known. */
export const services = signal<readonly ServiceStatus[] | null>(null);
export const repositories = signal<readonly Repository[] | null>(null);
export const status = signal<PlatformStatus | null>(null);
/** Oldest first. */
export const events = signal<readonly PlatformEvent[]>([]);
/** Of all rules, firing ones first. */
export const alerts = signal<readonly Alert[]>([]);
/** Why the server can't be read now; null: it can. */
export const trouble = signal<string | null>(null);
/** Counts looks, for what shows rates. */
export const looks = signal(0);
export const ring = new SampleRing();

export const refreshSeconds = signal(Math.min(60, Math.max(1, Number(stored('refreshSeconds')) || 2)));
export function setRefreshSeconds(seconds: number): void {
  store('refreshSeconds', String(seconds));
  refreshSeconds.value = seconds;
}

let timer: ReturnType<typeof setTimeout> | undefined;
let reading: Promise<void> | null = null;
/** Something changed while it was read. */
let again = false;

/** Reads everything anew; while a read is under way, once more after it. */
export function refresh(): Promise<void> {
  if (reading) again = true;
  reading ??= read().finally(() => {
    reading = null;
    if (again) void refresh();
  });
  return reading;
}

async function read(): Promise<void> {
  clearTimeout(timer);
  again = false;
  const started = performance.now();
  try {
    const [listed, facts, stored, told] = await Promise.all([api().listServices(), api().status(), api().listRepositories({ limit: REPOSITORIES_MAX }), api().listAlerts({ state: 'firing' })]);
    ring.add(listed, Date.now());
    services.value = listed;
    status.value = facts;
    repositories.value = stored;
    alerts.value = told.alerts;
    looks.value++;
    trouble.value = null;
  } catch (error) {
    trouble.value = messageOf(error);
  }
  schedule(Math.max(refreshSeconds.value * 1000, (performance.now() - started) / READING_PART));
}

function schedule(delayMs: number): void {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(() => void refresh(), delayMs);
}

/** Begins to follow the server: looks at it now and then, and at once when an event says that something changed. */
export function startLive(): void {
  document.addEventListener('visibilitychange', () => void (document.hidden ? clearTimeout(timer) : refresh()));
  effect(() => {
    refreshSeconds.value;
    void refresh();
  });
  void followEvents();
}

/** A hidden page lets its connection go, since a browser has six for a server; it goes on where it was. */
async function followEvents(): Promise<never> {
  let retryMs = RETRY_MS_MIN;
  for (;;) {
    await shown();
    const end = new AbortController();
    const onVisibility = (): void => void (document.hidden && end.abort());
    document.addEventListener('visibilitychange', onVisibility);
    try {
      const after = (pending.at(-1) ?? events.value.at(-1))?.id;
      for await (const event of api().followEvents(after === undefined ? { limit: EVENTS_MAX } : { after }, end.signal)) {
        retryMs = RETRY_MS_MIN;
        addEvent(event);
      }
    } catch {
      // The looks say what is wrong.
    }
    document.removeEventListener('visibilitychange', onVisibility);
    await new Promise((resolve) => setTimeout(resolve, retryMs));
    retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
  }
}

function shown(): Promise<void> {
  return new Promise((resolve) => {
    if (!document.hidden) return resolve();
    document.addEventListener('visibilitychange', () => resolve(), { once: true });
  });
}

let pending: PlatformEvent[] = [];

function addEvent(event: PlatformEvent): void {
  if (pending.push(event) > 1) return;
  setTimeout(() => {
    events.value = [...events.value, ...pending].slice(-EVENTS_MAX);
    pending = [];
    if (!document.hidden) void refresh();
  }, EVENT_DELAY_MS);
}
