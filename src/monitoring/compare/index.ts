export { VersionComparison, type ComparisonAnswer, type ComparisonQuery } from './version-comparison.ts';
