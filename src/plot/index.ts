export { BARS, type Line, Sheet } from './sheet.ts';
