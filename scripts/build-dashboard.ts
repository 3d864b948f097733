import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Files smaller than this gain nothing. */
const COMPRESSED_BYTES_MIN = 512;

/**
 * Bundles src/dashboard for browsers into `outdir`: index.html, and assets named by their content, each with its `.br` and
 * `.gz` beside it. Returns the brotli bytes of all that a page may load. The folder is put in place whole, since a server may run from it.
 */
export async function buildDashboard(root: string, outdir: string): Promise<number> {
  const made = `${outdir}.new`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(join(made, 'assets'), { recursive: true });
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { app: 'src/dashboard/main.tsx', style: 'src/dashboard/styles/index.css', icon: 'src/dashboard/styles/icon.svg' },
    outdir: join(made, 'assets'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    loader: { '.svg': 'copy' },
    // What the client does in Node only: its own sockets, and pushing directories.
    external: ['node:*', '*/push.ts'],
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const nameOf = (entry: string): string => basename(Object.entries(metafile.outputs).find(([, output]) => output.entryPoint === entry)?.[0] ?? '');
  const page = readFileSync(join(root, 'src/dashboard/index.html'), 'utf8')
    .replace('{app}', nameOf('src/dashboard/main.tsx'))
    .replace('{style}', nameOf('src/dashboard/styles/index.css'))
    .replace('{icon}', basename(outputFiles.find(({ path }) => path.endsWith('.svg'))?.path ?? ''));
  const files = [...outputFiles.map(({ path, contents }) => ({ path: relative(made, path), bytes: Buffer.from(contents) })), { path: 'index.html', bytes: Buffer.from(page) }];
  const bytes = files.reduce((sum, file) => sum + writeCompressed(join(made, file.path), file.bytes), 0);
  rmSync(outdir, { recursive: true, force: true });
  renameSync(made, outdir);
  return bytes;
}

/** Writes a file and its compressed forms; returns the bytes of the smallest. */
function writeCompressed(path: string, bytes: Buffer): number {
  writeFileSync(path, bytes);
  if (bytes.length < COMPRESSED_BYTES_MIN) return bytes.length;
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  writeFileSync(`${path}.br`, brotli);
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  return brotli.length;
}
