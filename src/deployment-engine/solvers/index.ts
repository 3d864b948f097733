export { loadHighsSolver } from './highs/highs-solver.ts';
