import { readFile, rename, writeFile } from 'node:fs/promises';
import { LeptonError } from '../core/index.ts';
import type { GatewayConfig, ListeningPorts } from '../wire/index.ts';

/** Reads the file that control wrote. Throws INVALID_ARGUMENT when it is not such a file. */
export async function readGatewayConfig(path: string): Promise<GatewayConfig> {
  try {
    const config = JSON.parse(await readFile(path, 'utf8')) as GatewayConfig;
    for (const key of ['gateway', 'token', 'socketPath', 'controlSocketPath', 'http', 'limits', 'predictionKey'] as const) {
      if (config[key] === undefined) throw new Error(`${key} is missing`);
    }
    return Object.freeze(config);
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', `${path} is not a gateway configuration: ${(cause as Error).message}`, { cause });
  }
}

/** Tells where the gateway really listens: `<config file>.ports`, whole or not at all. */
export async function writePorts(configPath: string, ports: ListeningPorts): Promise<void> {
  const temporary = `${configPath}.ports.${process.pid}.tmp`;
  await writeFile(temporary, JSON.stringify(ports));
  await rename(temporary, `${configPath}.ports`);
}
