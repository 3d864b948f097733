/** Doors for clients of other servers. All lead through the same router, versions, labels and queues. */
export { createKserveV1Door } from './kserve-v1/kserve-v1-door.ts';
export { createMlflowDoor } from './mlflow/mlflow-door.ts';
