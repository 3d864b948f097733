import { computed, signal } from '@preact/signals';
import { PAGES, type Page } from './routes.ts';

/** The address: path and query, kept in the browser's history. */
const address = signal(location.pathname + location.search);
addEventListener('popstate', () => (address.value = location.pathname + location.search));

export interface Route {
  /** null: no page has this path. */
  readonly page: Page | null;
  readonly parameters: Readonly<Record<string, string>>;
}

export const route = computed<Route>(() => matchPath(address.value.split('?')[0] ?? '/'));
export const query = computed(() => new URLSearchParams(address.value.split('?')[1] ?? ''));

/** Which page a path is for. */
export function matchPath(path: string): Route {
  const parts = path.replace(/\/+$/, '').split('/');
  for (const [page, pattern] of Object.entries(PAGES) as [Page, string][]) {
    const wanted = pattern.replace(/\/+$/, '').split('/');
    if (wanted.length !== parts.length) continue;
    const parameters: Record<string, string> = {};
    if (wanted.every((part, index) => (part.startsWith(':') ? (parameters[part.slice(1)] = decoded(parts[index] as string)) !== '' : part === parts[index]))) return { page, parameters };
  }
  return { page: null, parameters: {} };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The path of a page, with names filled in. */
export function pathTo(page: Page, parameters: Readonly<Record<string, string>> = {}, search: Readonly<Record<string, string>> = {}): string {
  const path = PAGES[page].replace(/:(\w+)/g, (_whole, name: string) => encodeURIComponent(parameters[name] ?? ''));
  const text = new URLSearchParams(search).toString();
  return text ? `${path}?${text}` : path;
}

export function navigate(to: string, options: { readonly replace?: boolean } = {}): void {
  if (to === address.value) return;
  history[options.replace ? 'replaceState' : 'pushState'](null, '', to);
  address.value = to;
  if (!options.replace) scrollTo(0, 0);
}

/** Changes the query of the page that is shown; null takes a name away. */
export function setQuery(changes: Readonly<Record<string, string | null>>): void {
  const search = new URLSearchParams(query.value);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') search.delete(name);
    else search.set(name, value);
  }
  const text = search.toString();
  navigate(location.pathname + (text ? `?${text}` : ''), { replace: true });
}

/** Clicks on links to our own pages change the address without loading; those with modifiers are the browser's. */
export function followLinks(): void {
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest?.('a');
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.target || link.hasAttribute('download') || link.origin !== location.origin || matchPath(link.pathname).page === null) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
