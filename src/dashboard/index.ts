/** What the server needs to know of the page that it serves. */
export { PAGES, type Page } from './routes.ts';
