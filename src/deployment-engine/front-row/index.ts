export type { FrontCandidate } from './choose.ts';
export { FrontRow } from './front-row.ts';
export { type FrontPriority, setFrontPriority } from './scheduling-class.ts';
