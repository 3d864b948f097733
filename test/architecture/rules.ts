/**
 * Who may import whom: ARCHITECTURE.md's table as data. A part is a folder under src/ (or one of a few files); the
 * longest matching path decides which part a file belongs to.
 */

export interface Part {
  /** Path under src/, without slash at the end. A `*` stands for one folder name. */
  readonly path: string;
  /** Parts (or `*` paths) that it may import besides itself. */
  readonly imports: readonly string[];
  /** Parts of which it may import types only. */
  readonly types?: readonly string[];
  /** No I/O, clock or randomness of its own. */
  readonly pure?: true;
  /** Other parts may import any file of it, since each file stands alone. */
  readonly open?: true;
}

export const PARTS: readonly Part[] = [
  { path: 'version.ts', imports: [] },
  { path: 'core', imports: [] },
  { path: 'wire', imports: ['core'] },
  { path: 'onnx', imports: ['core'] },
  { path: 'config', imports: ['core', 'wire'] },
  { path: 'database', imports: ['core'] },
  { path: 'security', imports: ['core', 'database'] },
  { path: 'monitoring', imports: ['core', 'database'], types: ['wire'] },
  { path: 'model-repository', imports: ['core', 'config', 'database', 'onnx', '/protocol/lepton-model.schema.json'], types: ['monitoring'] },
  { path: 'deployment-engine', imports: ['core', 'wire', 'config', 'database', 'model-repository', 'version.ts'], types: ['monitoring'] },
  { path: 'deployment-engine/plan', imports: ['core'], types: ['deployment-engine', 'wire'], pure: true },
  { path: 'deployment-engine/scheduler', imports: ['core'], types: ['deployment-engine', 'wire'], pure: true },
  { path: 'deployment-engine/solvers', imports: ['core', 'deployment-engine/scheduler'] },
  { path: 'deployment-engine/residency', imports: ['core', 'deployment-engine/plan'], types: ['deployment-engine', 'deployment-engine/targets', 'wire'] },
  { path: 'deployment-engine/profiles', imports: ['core', 'database', 'version.ts'], types: ['wire', 'deployment-engine/scheduler'] },
  { path: 'deployment-engine/scheduling', imports: ['core', 'deployment-engine/plan', 'deployment-engine/process-table.ts', 'deployment-engine/profiles', 'deployment-engine/scheduler', 'deployment-engine/solvers'], types: ['database', 'deployment-engine', 'wire'] },
  { path: 'deployment-engine/rollout', imports: ['core'], types: ['deployment-engine', 'wire'], pure: true },
  { path: 'deployment-engine/front-row', imports: [], types: ['deployment-engine'] },
  { path: 'deployment-engine/process-table.ts', imports: [] },
  { path: 'deployment-engine/targets', imports: ['core', 'wire', 'config', 'deployment-engine/targets/*', 'deployment-engine/targets/local/cgroups', 'deployment-engine/process-table.ts'], types: ['deployment-engine/runtimes'] },
  { path: 'deployment-engine/targets/*', imports: ['core', 'wire', 'config', 'deployment-engine/targets', 'deployment-engine/targets/local/cgroups', 'deployment-engine/process-table.ts'], types: ['deployment-engine/runtimes'] },
  { path: 'deployment-engine/targets/local/cgroups', imports: ['core', 'deployment-engine/targets'] },
  { path: 'deployment-engine/runtimes', imports: ['core', 'config', 'deployment-engine/runtimes/*'] },
  { path: 'deployment-engine/runtimes/*', imports: ['core', 'config', 'deployment-engine/runtimes', 'deployment-engine/process-table.ts'] },
  { path: 'plot', imports: [], pure: true },
  { path: 'simulation', imports: ['core', 'deployment-engine/scheduler', 'plot'], pure: true },
  { path: 'api/inference', imports: ['core', 'wire', 'version.ts'], types: ['monitoring'] },
  { path: 'api/inference/traffic', imports: ['core'], pure: true },
  { path: 'api/inference/batching', imports: ['core'], pure: true },
  { path: 'api/inference/doors/tensorflow-serving', imports: ['core', 'api/inference'] },
  { path: 'api/inference/doors/kserve-v1', imports: ['core', 'api/inference', 'api/inference/doors/tensorflow-serving'] },
  { path: 'api/inference/doors/mlflow', imports: ['core', 'api/inference'] },
  // A server for tests, which needs their client.
  { path: 'api/inference/grpc/server/test-server.ts', imports: ['core', 'api/inference', 'testing'] },
  // In the browser: it knows the platform by the management API alone.
  { path: 'dashboard', imports: ['/clients/typescript'] },
  { path: 'api/management', imports: ['core', 'dashboard', 'version.ts'], types: ['config', 'model-repository', 'deployment-engine', 'monitoring', 'wire'] },
  { path: 'gateway', imports: ['core', 'wire', 'api/inference', 'monitoring', 'version.ts'], types: ['config'] },
  { path: 'worker', imports: ['core', 'wire', 'onnx', 'version.ts'] },
  // What plans and simulates without a server takes the scheduler itself.
  { path: 'cli', imports: ['core', 'config', 'control.ts', 'version.ts', '/clients/typescript', 'deployment-engine/scheduler', 'deployment-engine/solvers', 'simulation'] },
  { path: 'control.ts', imports: ['core', 'config', 'platform.ts', 'version.ts'], types: ['deployment-engine', 'monitoring'] },
  { path: 'platform-monitoring.ts', imports: ['core', 'config', 'monitoring', 'deployment-engine'], types: ['database'] },
  // The composition root knows everybody.
  { path: 'platform.ts', imports: ['platform-monitoring.ts', 'core', 'wire', 'config', 'database', 'security', 'monitoring', 'model-repository', 'deployment-engine', 'deployment-engine/targets', 'deployment-engine/runtimes', 'api/management', 'version.ts'] },
  { path: 'testing', imports: ['core', 'wire', 'database', 'monitoring', 'model-repository', 'deployment-engine', 'deployment-engine/targets', 'deployment-engine/runtimes', 'config', 'platform.ts'], open: true },
];

/** A folder inside another part whose siblings in that part are its own business; imports to its files need no index. */
export const NESTED_IN: Readonly<Record<string, string>> = {
  'deployment-engine/plan': 'deployment-engine',
  'deployment-engine/scheduler': 'deployment-engine',
  'deployment-engine/scheduling': 'deployment-engine',
  'deployment-engine/solvers': 'deployment-engine',
  'deployment-engine/residency': 'deployment-engine',
  'deployment-engine/profiles': 'deployment-engine',
  'deployment-engine/front-row': 'deployment-engine',
  'deployment-engine/rollout': 'deployment-engine',
  'deployment-engine/process-table.ts': 'deployment-engine',
  'deployment-engine/targets': 'deployment-engine',
  'deployment-engine/targets/*': 'deployment-engine',
  'deployment-engine/targets/local/cgroups': 'deployment-engine',
  'deployment-engine/runtimes': 'deployment-engine',
  'deployment-engine/runtimes/*': 'deployment-engine',
  'api/inference/traffic': 'api/inference',
  'api/inference/batching': 'api/inference',
  'api/inference/grpc/server/test-server.ts': 'api/inference',
  'api/inference/doors/tensorflow-serving': 'api/inference',
  'api/inference/doors/kserve-v1': 'api/inference',
  'api/inference/doors/mlflow': 'api/inference',
};

/** Files that others may import past the folder's index.ts, with the reason. */
export const OPEN_FILES: Readonly<Record<string, string>> = {
  'model-repository/formats/onnx-proto.ts': 'the test models are built with the schema that inspection reads',
};

/** Parts that may read `process.env`. */
export const ENVIRONMENT_READERS: readonly string[] = ['config/'];
/** Files that may end the process. */
export const EXITERS: readonly string[] = ['cli/', 'worker/main.ts', 'gateway/main.ts', 'model-repository/formats/inspect-main.ts'];
export const FILE_LINES_MAX = 400;

/** Node's own modules that a pure part may use: they compute and touch nothing. */
export const PURE_MODULES: ReadonlySet<string> = new Set(['node:crypto', 'node:assert', 'node:util', 'node:buffer']);
/** Expressions that read a clock, chance or a timer. */
export const IMPURE_EXPRESSIONS: readonly string[] = ['Date.now', 'Math.random', 'performance.now', 'setTimeout', 'setInterval', 'setImmediate'];
