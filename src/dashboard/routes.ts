/** Paths of the pages, `:x` standing for one name. The server answers them with the page; everything else is not its own. */
export const PAGES = {
  overview: '/',
  service: '/services/:service',
  repositories: '/repositories',
  repository: '/repositories/:repository',
  version: '/repositories/:repository/versions/:version',
  tryIt: '/try-it',
  tryService: '/try-it/:service',
  events: '/events',
  logs: '/logs',
  replicaLog: '/logs/:replica',
  nodes: '/nodes',
  scheduler: '/scheduler',
  settings: '/settings',
} as const;

export type Page = keyof typeof PAGES;
