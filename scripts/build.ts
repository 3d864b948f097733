/**
 * Bundles our own code into dist/: one file a program and shared chunks beside them, flat, because src/config/programs.ts
 * looks for `./<program>.js` next to its own chunk. Packages stay in node_modules.
 */
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const outdir = join(root, 'dist');

/** The same names as `Program` in src/config/programs.ts. */
const PROGRAMS = {
  cli: 'src/cli/main.ts',
  gateway: 'src/gateway/main.ts',
  worker: 'src/worker/main.ts',
  inspect: 'src/model-repository/formats/inspect-main.ts',
};

const started = performance.now();
const result = await build({
  absWorkingDir: root,
  entryPoints: PROGRAMS,
  outdir,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node24',
  splitting: true,
  chunkNames: '[name]-[hash]',
  sourcemap: true,
  metafile: true,
  logLevel: 'warning',
});

removeStale(new Set(Object.keys(result.metafile.outputs).map((path) => path.slice('dist/'.length))));
writeFileSync(join(outdir, '.built'), `${new Date().toISOString()}\n`);
const bytes = readdirSync(outdir).filter((name) => name.endsWith('.js')).reduce((sum, name) => sum + statSync(join(outdir, name)).size, 0);
console.log(`setup: built dist/{${Object.keys(PROGRAMS).join(',')}}.js, ${Math.round(bytes / 1024)} KiB, in ${Math.round(performance.now() - started)} ms`);

/** Chunks of earlier builds. Running servers have loaded theirs; lazily loaded ones are the reason to delete only here, at the end. */
function removeStale(current: ReadonlySet<string>): void {
  for (const name of readdirSync(outdir)) {
    if (/\.js(\.map)?$/.test(name) && !current.has(name)) rmSync(join(outdir, name));
  }
}
