import { useSignal } from '@preact/signals';
import { setUser, user, api, messageOf } from '../api.ts';
import { Equivalents } from '../components/command.tsx';
import { Title } from '../components/title.tsx';
import { type Equivalent, fsckEquivalent, gcEquivalent } from '../equivalents.ts';
import { bytes, whole } from '../format.ts';
import { type Language, language, LANGUAGES, setLanguage, t } from '../i18n/index.ts';
import { refreshSeconds, setRefreshSeconds } from '../live/live.ts';
import { visible } from '../text.ts';
import { setTheme, type ThemeChoice, themeChoice } from '../theme.ts';

const THEMES: readonly ThemeChoice[] = ['system', 'light', 'dark'];
const REFRESH_SECONDS = [1, 2, 5, 10, 30] as const;
/** As the server takes it in `lepton-user`. */
const USER_PATTERN = '[!-~]([ -~]{0,126}[!-~])?';

/** Choices of this browser, and the platform's maintenance. */
export function SettingsPage() {
  return (
    <>
      <Title text={t('nav.settings')} />
      <div class="columns">
        <section class="card stack">
          <h2>{t('settings.page')}</h2>
          <label class="field"><span>{t('settings.language')}</span>
            <select value={language.value} onChange={(event) => setLanguage(event.currentTarget.value as Language)}>{Object.entries(LANGUAGES).map(([name, words]) => <option key={name} value={name} lang={name}>{words}</option>)}</select>
          </label>
          <label class="field"><span>{t('settings.theme')}</span>
            <select value={themeChoice.value} onChange={(event) => setTheme(event.currentTarget.value as ThemeChoice)}>{THEMES.map((name) => <option key={name} value={name}>{t(`settings.theme.${name}`)}</option>)}</select>
          </label>
          <label class="field"><span>{t('settings.refresh')}</span>
            <select value={refreshSeconds.value} onChange={(event) => setRefreshSeconds(Number(event.currentTarget.value))}>{REFRESH_SECONDS.map((seconds) => <option key={seconds} value={seconds}>{t('settings.seconds', { seconds })}</option>)}</select>
          </label>
          <label class="field"><span>{t('settings.user')}</span><input value={user.value} pattern={USER_PATTERN} maxLength={128} onChange={(event) => event.currentTarget.validity.valid && setUser(event.currentTarget.value || 'dashboard')} /></label>
          <p class="muted small">{t('settings.userText')}</p>
        </section>
        <section class="card stack">
          <h2>{t('settings.maintenance')}</h2>
          <Maintenance title={t('settings.gcDry')} equivalent={gcEquivalent(true, { origin: location.origin, user: user.value })} run={async () => gcText(await api().gc({ dryRun: true }))} />
          <Maintenance title={t('settings.gc')} equivalent={gcEquivalent(false, { origin: location.origin, user: user.value })} run={async () => gcText(await api().gc({}))} />
          <Maintenance title={t('settings.fsck')} equivalent={fsckEquivalent({ origin: location.origin, user: user.value })} run={async () => JSON.stringify(await api().fsck(), null, 1)} />
        </section>
        <section class="card stack">
          <h2>{t('settings.machines')}</h2>
          <ul class="plain">
            <li><a href="/metrics">/metrics</a> <span class="muted">{t('settings.metrics')}</span></li>
            <li><a href="/api/v1/openapi.json">/api/v1/openapi.json</a> <span class="muted">{t('settings.openapi')}</span></li>
            <li><a href="/v2">/v2</a> <span class="muted">{t('settings.v2')}</span></li>
          </ul>
        </section>
      </div>
    </>
  );
}

const gcText = (report: Awaited<ReturnType<ReturnType<typeof api>['gc']>>): string => t('settings.gcDone', { files: whole(report.removedBlobs), size: bytes(report.removedBytes) });

function Maintenance({ title, equivalent, run }: { readonly title: string; readonly equivalent: Equivalent; readonly run: () => Promise<string> }) {
  const outcome = useSignal<string | null>(null);
  const working = useSignal(false);
  const start = async (): Promise<void> => {
    working.value = true;
    outcome.value = await run().catch(messageOf);
    working.value = false;
  };
  return (
    <div class="stack">
      <div><button type="button" class="button" disabled={working.value} onClick={() => void start()}>{working.value ? t('state.working') : title}</button></div>
      {outcome.value !== null && <pre class="values" role="status">{visible(outcome.value)}</pre>}
      <Equivalents {...equivalent} />
    </div>
  );
}
