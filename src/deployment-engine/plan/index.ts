export * from './backoff.ts';
export * from './conditions.ts';
export * from './model.ts';
export * from './plan.ts';
export * from './service-route.ts';
export * from './versions.ts';
export * from './weights.ts';
