/**
 * The gateway program: `main.ts <config file>`. Started by control; see Gateway. Exit codes: 0 asked to leave or
 * abandoned by control, 1 a fault of ours, 2 bad configuration, 3 an address is in use.
 */
import { readGatewayConfig, writePorts } from './config.ts';
import { Gateway } from './gateway.ts';
import { GatewayLog } from './gateway-log.ts';

const EXIT_FAULT = 1;
const EXIT_CONFIG = 2;
const EXIT_ADDRESS_IN_USE = 3;
const SIGTERM_GRACE_MS = 10_000;

async function main(configPath: string | undefined): Promise<number> {
  if (!configPath) {
    process.stderr.write('usage: gateway <config file>\n');
    return EXIT_CONFIG;
  }
  const config = await readGatewayConfig(configPath).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    return null;
  });
  if (!config) return EXIT_CONFIG;
  process.title = `lepton-gateway ${config.gateway}`;
  const gatewayLog = new GatewayLog(config);
  const gateway = new Gateway(config, gatewayLog);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void gateway.stop({ graceMs: SIGTERM_GRACE_MS, reason: signal }));
  try {
    const ports = await gateway.start();
    await writePorts(configPath, ports);
    gatewayLog.log.info({ ports }, 'listening');
  } catch (error) {
    process.stderr.write(`gateway cannot listen: ${(error as Error).message}\n`);
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? EXIT_ADDRESS_IN_USE : EXIT_FAULT;
  }
  await gateway.ended;
  return 0;
}

process.exit(await main(process.argv[2]));
