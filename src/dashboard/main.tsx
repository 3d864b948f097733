import { effect } from '@preact/signals';
import { render } from 'preact';
import { App } from './app.tsx';
import { languageTag } from './i18n/index.ts';
import { startLive } from './live/live.ts';
import { followLinks } from './router.ts';
import { followTheme } from './theme.ts';

followTheme();
followLinks();
effect(() => {
  document.documentElement.lang = languageTag();
});
startLive();
render(<App />, document.getElementById('app') as HTMLElement);
