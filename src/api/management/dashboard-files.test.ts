import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import fastify, { type FastifyInstance } from 'fastify';
import { addDashboard } from './dashboard-files.ts';
import { installErrorHandling } from './errors.ts';

describe('the dashboard’s files', () => {
  let directory: string;
  let app: FastifyInstance;
  const [page, script] = [Buffer.from('<!doctype html>page'), Buffer.from('console.log(1)')];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lepton-dashboard-'));
    await mkdir(join(directory, 'assets'));
    const files = { 'index.html': page, 'index.html.br': brotliCompressSync(page), 'index.html.gz': gzipSync(page), 'assets/app-ABCD1234.js': script, 'assets/app-ABCD1234.js.gz': gzipSync(script), 'secret.js': Buffer.from('no') };
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(directory, name), bytes);
    app = fastify();
    installErrorHandling(app);
    addDashboard(app, directory);
  });
  after(async () => {
    await app.close();
    await rm(directory, { recursive: true });
  });

  const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers });

  it('answers every page’s path with the page, under a policy without inline scripts', async () => {
    for (const path of ['/', '/services/my-service', '/repositories', '/repositories/a/versions/v1', '/try-it/x', '/events', '/logs', '/logs/abc', '/nodes', '/scheduler', '/settings']) {
      const { statusCode, headers, body } = await get(path);
      assert.equal(statusCode, 200, path);
      assert.equal(body, page.toString());
      assert.equal(headers['cache-control'], 'no-cache');
      assert.match(String(headers['content-security-policy']), /default-src 'none'; script-src 'self';/);
      assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/);
    }
  });

  it('answers nothing else with the page', async () => {
    for (const path of ['/services', '/services/a/b', '/anything', '/v2', '/api/v1/x', '/assets/']) assert.equal((await get(path)).statusCode, 404, path);
  });

  it('sends what the build compressed to those who take it', async () => {
    assert.equal((await get('/', { 'accept-encoding': 'gzip, deflate, br' })).headers['content-encoding'], 'br');
    assert.equal((await get('/', { 'accept-encoding': 'gzip, br;q=0' })).headers['content-encoding'], 'gzip');
    assert.equal((await get('/', { 'accept-encoding': 'br;q=0.0, identity' })).headers['content-encoding'], undefined);
    assert.equal((await get('/')).headers['content-encoding'], undefined);
    assert.equal((await get('/assets/app-ABCD1234.js', { 'accept-encoding': 'br, gzip' })).headers['content-encoding'], 'gzip', 'there is no brotli form');
  });

  it('lets assets be kept for good', async () => {
    const { headers, body } = await get('/assets/app-ABCD1234.js');
    assert.equal(body, script.toString());
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.match(String(headers['content-type']), /^text\/javascript/);
  });

  it('gives out no other file', async () => {
    for (const name of ['..%2fsecret.js', '..%2Findex.html', 'secret.js', 'app-ABCD1234.js.gz', 'app-ABCD1234.js%00', 'x'.repeat(90)]) assert.equal((await get(`/assets/${name}`)).statusCode, 404, name);
  });

  it('says what to do where nothing was built', async () => {
    const bare = fastify();
    installErrorHandling(bare);
    addDashboard(bare, join(directory, 'none'));
    const { statusCode, body } = await bare.inject({ url: '/' });
    assert.equal(statusCode, 404);
    assert.match(body, /make setup/);
    await bare.close();
  });
});
