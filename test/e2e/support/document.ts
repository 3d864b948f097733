import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort, ROOT } from '../harness.ts';
import { until } from '../../../src/testing/until.ts';

/** Commands of a page, which run as they stand, or a piece of a script that they run. */
export interface Block {
  readonly background: boolean;
  readonly commands: readonly string[];
  /** What the last command says, where the page shows it. */
  readonly answer: string | null;
  /** A file, and what the block adds to it. */
  readonly script: { readonly file: string; readonly text: string } | null;
}

/**
 * The blocks of a page that are marked `<!-- tour -->`, `<!-- tour: background -->` or `<!-- tour: FILE.py -->` (or FILE.yaml), each with the
 * `<!-- answer -->` behind it. With a heading: of that section alone, until the next heading of any level.
 */
export function readBlocks(page: string, heading?: string): readonly Block[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...sectionOf(text, heading).matchAll(/<!-- tour(?:: ([\w.]+))? -->\n```(console|python|yaml)\n([\s\S]*?)```(?:\n+<!-- answer -->\n```\w*\n([\s\S]*?)```)?/g)].map(([, name, language, body = '', answer]) => {
    const isFile = language !== 'console';
    assert.equal(isFile, name?.endsWith(language === 'python' ? '.py' : '.yaml') ?? false, `${page}: ${name ?? 'a block'} is ${language}`);
    return {
      background: name === 'background',
      commands: language === 'console' ? body.split('\n').map((line) => line.trim()).filter(Boolean) : [],
      answer: answer?.trim() ?? null,
      script: isFile ? { file: name as string, text: body } : null,
    };
  });
}

function sectionOf(text: string, heading: string | undefined): string {
  if (heading === undefined) return text;
  const [section] = text.split(/^(?=#{1,6} )/m).filter((part) => part.split('\n', 1)[0]?.replace(/^#+ /, '') === heading);
  assert.ok(section, `there is a heading ${heading}`);
  return section;
}

/** The Chinese README has the same blocks, letter by letter. */
export function assertInBothLanguages(blocks: readonly Block[]): void {
  const chinese = readFileSync(join(ROOT, 'README.zh-CN.md'), 'utf8');
  for (const { commands, script } of blocks) {
    const block = script ? `\`\`\`python\n${script.text}\`\`\`` : `\`\`\`console\n${commands.join('\n')}\n\`\`\``;
    assert.ok(chinese.includes(block), block);
  }
}

export interface ShellOptions {
  /** The ports that the page names. */
  readonly http: string;
  readonly grpc: string;
  /** Runs as on a machine with Python alone: no Node on the PATH, no server named, so that the local platform is used. */
  readonly python?: boolean;
}

/** A shell in an empty directory that has what a checkout has; the ports that a page names are free ones here. */
export class DocumentShell {
  readonly directory = mkdtempSync(join(tmpdir(), 'lepton-page-'));
  readonly #options: ShellOptions;
  readonly #http: string;
  readonly #ports: ReadonlyMap<string, number>;
  /** Commands that change the shell they run in; each of ours is a new one. */
  readonly #before: string[] = [];
  #server: ChildProcess | undefined;

  private constructor(options: ShellOptions, ports: ReadonlyMap<string, number>) {
    for (const name of options.python ? ['dist'] : ['bin', 'examples', 'node_modules']) symlinkSync(join(ROOT, name), join(this.directory, name));
    if (options.python) {
      mkdirSync(join(this.directory, NO_NODE));
      for (const name of ['node', 'npm', 'npx']) writeFileSync(join(this.directory, NO_NODE, name), '#!/bin/sh\nexit 127\n', { mode: 0o755 });
    }
    this.#options = options;
    this.#http = `http://127.0.0.1:${options.http}`;
    this.#ports = ports;
  }

  static async open(options: ShellOptions): Promise<DocumentShell> {
    const ports = new Map<string, number>();
    for (const port of [options.http, options.grpc]) ports.set(`127.0.0.1:${port}`, await freePort());
    return new DocumentShell(options, ports);
  }

  /** Runs the page's command for the platform and waits for its answer. */
  async start(command: string): Promise<void> {
    const child = this.#run(`exec ${command}`);
    this.#server = child;
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await until('the platform answers', async () => {
      assert.equal(child.exitCode, null, output);
      return (await fetch(`${this.#here(this.#http)}/api/v1/status`)).ok;
    });
  }

  /** Adds to a script that commands of the page run. */
  write({ file, text }: NonNullable<Block['script']>): void {
    appendFileSync(join(this.directory, file), this.#here(text));
  }

  async outputOf(command: string): Promise<string> {
    const child = this.#run(command);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, 0, `${command}\n${output}`);
    if (/^(\.|cd|export) /.test(command)) this.#before.push(command);
    return output;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server && server.exitCode === null && server.signalCode === null) {
      const gone = once(server, 'exit');
      server.kill('SIGTERM');
      await gone;
    }
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #here(command: string): string {
    return [...this.#ports].reduce((text, [address, port]) => text.replaceAll(address, `127.0.0.1:${port}`), command);
  }

  #run(command: string): ChildProcess {
    const script = ['set -o pipefail', ...(this.#options.python ? [MAKE_IN_CHECKOUT] : []), ...this.#before, this.#here(command)].join('; ');
    return spawn('bash', ['-c', script], { cwd: this.directory, env: { HOME: this.directory, TMPDIR: this.directory, ...(this.#options.python ? this.#pythonEnvironment() : { PATH: process.env['PATH'], LEPTON_URL: this.#here(this.#http) }) }, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  #pythonEnvironment(): NodeJS.ProcessEnv {
    const path = process.env['PATH'] ?? '';
    const addresses = { LEPTON_HTTP: this.#here(`127.0.0.1:${this.#options.http}`), LEPTON_GRPC: this.#here(`127.0.0.1:${this.#options.grpc}`) };
    const pip = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^pip_|_proxy$/i.test(name)));
    return { PIP_CACHE_DIR: join(ROOT, '.cache/pip'), ...pip, ...addresses, PATH: [join(this.directory, NO_NODE), path].join(delimiter), WHOLE_PATH: path };
  }
}

/** Folder whose `node` is as good as none; it may share its own folder with what is needed. */
const NO_NODE = 'no-node';
/** A page's `make` means the checkout's, which needs Node; where it is run makes no difference to its reader. */
const MAKE_IN_CHECKOUT = `make() { PATH="$WHOLE_PATH" command make -C ${ROOT} "$@"; }`;
