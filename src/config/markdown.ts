import { CLIENT_VARIABLES, SETTINGS } from './settings.ts';

/** docs/reference/configuration.md, from the table that the server reads itself. */
export function configurationMarkdown(): string {
  const rows = SETTINGS.map(({ name, flag, env, default: fallback, help }) => `| \`${name}\` | \`--${flag}\` | \`${env}\` | ${fallback === null ? 'none' : `\`${fallback}\``} | ${help} |`);
  return [
    '# Configuration',
    '',
    'A flag of `lepton-ai serve` goes before an environment variable, that before the file named by `--config`, that before the default.',
    'Unknown keys and flags are errors. Sizes are written as `256MiB` or in bytes, times as `30s`, `5min`, `30d` or in milliseconds.',
    'Relative paths start from the working directory; those in the file from the file’s own directory.',
    'Only this machine can reach the server unless an address names another host, and then a warning says that there is no authentication yet.',
    '',
    '| in the file | flag | environment | default | meaning |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    'A file, `lepton.yaml`:',
    '',
    '```yaml',
    'dataDirectory: ./data',
    'http: 127.0.0.1:9000',
    'grpc: off',
    'limits:',
    '  bodyBytesMax: 64MiB',
    '```',
    '',
    'The command line, as a client, reads:',
    '',
    '| environment | meaning |',
    '|---|---|',
    ...Object.entries(CLIENT_VARIABLES).map(([name, help]) => `| \`${name}\` | ${help} |`),
    '| `NO_COLOR` | No colours. |',
    '',
  ].join('\n');
}
