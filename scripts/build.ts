/**
 * Bundles our own code into dist/: one file a program and shared chunks beside them, flat, because src/config/programs.ts
 * looks for `./<program>.js` next to its own chunk. Packages stay in node_modules, but for those named in BUNDLED.
 */
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildDashboard } from './build-dashboard.ts';

const root = join(import.meta.dirname, '..');
const outdir = join(root, 'dist');

/** The same names as `Program` in src/config/programs.ts. */
const PROGRAMS = {
  cli: 'src/cli/main.ts',
  gateway: 'src/gateway/main.ts',
  worker: 'src/worker/main.ts',
  inspect: 'src/model-repository/formats/inspect-main.ts',
  history: 'src/monitoring/history/thread.ts',
  solver: 'src/deployment-engine/scheduling/solver-main.ts',
};

/**
 * Packages of many small modules that every start loads: in one file without what we don't use they cost half the time
 * and 15 of control's and the gateway's resident megabytes less. Not those with native parts or files of their own.
 */
const BUNDLED = new Set(['cli-progress', 'cli-table3', 'commander', 'kysely', 'openapi-fetch', 'pino', 'prom-client', 'protobufjs', 'typebox', 'yaml']);

const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
const external = Object.keys(dependencies).filter((name) => !BUNDLED.has(name)).flatMap((name) => [name, `${name}/*`]);

const started = performance.now();
const result = await build({
  absWorkingDir: root,
  entryPoints: PROGRAMS,
  outdir,
  bundle: true,
  external,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  splitting: true,
  // Fewer bytes of source in memory; lines short enough for a stack trace to say where.
  minifyWhitespace: true,
  lineLimit: 120,
  // Bundled packages that are CommonJS ask for Node's own modules.
  banner: { js: "import { createRequire as lepton_createRequire } from 'node:module'; const require = lepton_createRequire(import.meta.url);" },
  chunkNames: '[name]-[hash]',
  sourcemap: true,
  metafile: true,
  logLevel: 'warning',
});

// The Python worker runs from here in every version's own environment.
rmSync(join(outdir, 'python'), { recursive: true, force: true });
cpSync(join(root, 'python/src/lepton_ai_worker'), join(outdir, 'python/lepton_ai_worker'), { recursive: true, filter: (path) => !path.includes('__pycache__') });

const dashboardBytes = await buildDashboard(root, join(outdir, 'dashboard'));

removeStale(new Set(Object.keys(result.metafile.outputs).map((path) => path.slice('dist/'.length))));
writeFileSync(join(outdir, '.built'), `${new Date().toISOString()}\n`);
const bytes = readdirSync(outdir).filter((name) => name.endsWith('.js')).reduce((sum, name) => sum + statSync(join(outdir, name)).size, 0);
console.log(`setup: built dist/{${Object.keys(PROGRAMS).join(',')}}.js, ${Math.round(bytes / 1024)} KiB, and the dashboard, ${Math.round(dashboardBytes / 1024)} KiB compressed, in ${Math.round(performance.now() - started)} ms`);

/** Chunks of earlier builds. Running servers have loaded theirs; lazily loaded ones are the reason to delete only here, at the end. */
function removeStale(current: ReadonlySet<string>): void {
  for (const name of readdirSync(outdir)) {
    if (/\.js(\.map)?$/.test(name) && !current.has(name)) rmSync(join(outdir, name));
  }
}
