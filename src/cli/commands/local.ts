import type { Command } from 'commander';
import { LeptonClient } from '../../../clients/typescript/src/index.ts';
import { localPlatformConfig } from '../../config/index.ts';
import { command, outputOf } from '../context.ts';
import { ensurePlatform, stopPlatform } from '../local/local-platform.ts';
import { PLATFORM_VERSION } from '../../version.ts';

const start = (): Command =>
  command('start', 'Start the local platform in the background, one per user, if none runs. Other commands without a URL do so themselves.', ['start', 'start --json', 'status', 'stop']).action(async (_options: unknown, self: Command) => {
    const out = outputOf(self.optsWithGlobals());
    const { url, local, started } = await ensurePlatform(localPlatformConfig());
    const { platformVersion } = await new LeptonClient({ url }).status();
    const isOther = platformVersion !== PLATFORM_VERSION;
    if (isOther) out.note({ text: 'warning: ', style: 'yellow' }, `it is version ${platformVersion}, this command is ${PLATFORM_VERSION}; lepton-ai stop and lepton-ai start take the new one`);
    out.result({ url, started, ...(isOther ? { otherVersion: platformVersion } : {}), ...(local ? { pid: local.pid, grpcAddress: local.grpcAddress, dataDirectory: local.dataDirectory, logFile: local.logFile } : {}) }, () => {
      if (!local) return out.line(`a server runs at ${url} already, started by hand`);
      out.line({ text: '✔ ', style: 'green' }, `the platform ${started ? 'runs' : 'runs already'} at ${url}, gRPC ${local.grpcAddress}, pid ${local.pid}`);
      out.line(`  data in ${local.dataDirectory}, log ${local.logFile}; lepton-ai stop ends it`);
    });
  });

const stop = (): Command =>
  command('stop', 'Stop the local platform that runs in the background. Its models stay; the next start serves them again.', ['stop']).action(async (_options: unknown, self: Command) => {
    const out = outputOf(self.optsWithGlobals());
    const stopped = await stopPlatform(localPlatformConfig());
    out.result({ stopped: stopped !== null, ...(stopped ? { pid: stopped.pid, url: stopped.url } : {}) }, () => {
      if (stopped) out.line({ text: '✔ ', style: 'green' }, `the platform at ${stopped.url} (pid ${stopped.pid}) has stopped`);
      else out.line('no platform runs in the background');
    });
  });

export const localCommands = (): readonly Command[] => [start(), stop()];
