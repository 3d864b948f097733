import type { ComponentType } from 'preact';
import { Icon, type IconName, Logo } from './components/icons.tsx';
import { Title } from './components/title.tsx';
import { Toasts } from './components/toast.tsx';
import { type MessageKey, t } from './i18n/index.ts';
import { status, trouble } from './live/live.ts';
import { EventsPage } from './pages/events.tsx';
import { LogsPage } from './pages/logs.tsx';
import { NodesPage } from './pages/nodes.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { RepositoriesPage } from './pages/repositories.tsx';
import { RepositoryPage } from './pages/repository/repository.tsx';
import { SchedulerPage } from './pages/scheduler.tsx';
import { ServicePage } from './pages/service/service.tsx';
import { SettingsPage } from './pages/settings.tsx';
import { TryItPage } from './pages/try-it/try-it.tsx';
import { pathTo, route } from './router.ts';
import type { Page } from './routes.ts';
import { visible } from './text.ts';

type Section = IconName;
interface PageEntry {
  readonly section: Section;
  readonly component: ComponentType<Record<string, string>>;
}

const entry = <Parameters extends object>(section: Section, component: ComponentType<Parameters>): PageEntry => ({ section, component: component as ComponentType<object> as PageEntry['component'] });

const PAGE_ENTRIES: Readonly<Record<Page, PageEntry>> = {
  overview: entry('overview', OverviewPage),
  service: entry('overview', ServicePage),
  repositories: entry('repositories', RepositoriesPage),
  repository: entry('repositories', RepositoryPage),
  version: entry('repositories', RepositoryPage),
  tryIt: entry('tryIt', TryItPage),
  tryService: entry('tryIt', TryItPage),
  events: entry('events', EventsPage),
  logs: entry('logs', LogsPage),
  replicaLog: entry('logs', LogsPage),
  nodes: entry('nodes', NodesPage),
  scheduler: entry('scheduler', SchedulerPage),
  settings: entry('settings', SettingsPage),
};
const SECTIONS: readonly Section[] = ['overview', 'repositories', 'tryIt', 'events', 'logs', 'nodes', 'scheduler', 'settings'];

export function App() {
  const { page, parameters } = route.value;
  const shown = page === null ? null : PAGE_ENTRIES[page];
  const Content = shown?.component;
  return (
    <>
      <a class="skip" href="#content">{t('nav.skip')}</a>
      <div class="shell">
        <Side section={shown?.section ?? null} />
        <main id="content" tabIndex={-1}>
          {trouble.value !== null && <p class="trouble" role="alert">{t('state.trouble', { message: visible(trouble.value) })}</p>}
          {Content ? <Content key={JSON.stringify([page, parameters])} {...parameters} /> : <Title text={t('notFound.title')} />}
        </main>
      </div>
      <Toasts />
    </>
  );
}

function Side({ section }: { readonly section: Section | null }) {
  return (
    <header class="side">
      <div class="inner">
        <a class="brand" href="/" aria-label="Lepton AI"><Logo /><span>Lepton AI</span></a>
        <nav aria-label={t('nav.label')}>
          <ul>
            {SECTIONS.map((name) => (
              <li key={name}><a href={pathTo(name as Page)} aria-current={name === section ? 'page' : undefined}><Icon name={name} /><span>{t(`nav.${name}` as MessageKey)}</span></a></li>
            ))}
          </ul>
        </nav>
        <div class="foot">
          <span class={`live ${trouble.value === null ? 'good' : 'bad'}`}><span class="dot" aria-hidden="true" /><span class="live-text">{trouble.value === null ? t('state.live') : t('state.lost')}</span></span>
          {status.value && <span class="wide">{t('nav.release', { version: status.value.platformVersion })}</span>}
        </div>
      </div>
    </header>
  );
}
