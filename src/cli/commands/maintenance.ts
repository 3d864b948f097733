import { resolve } from 'node:path';
import type { Command } from 'commander';
import { action, command, wholeNumber } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { formatBytes, formatTime, phaseCell, shortDigest } from '../output.ts';

const gc = (): Command =>
  command('gc', 'Remove files and Python environments that no version needs.', ['gc --dry-run', 'gc', 'gc --grace 0'])
    .option('--dry-run', 'only say what would go')
    .option('--grace <seconds>', 'younger files stay, since a push may be under way; default an hour', wholeNumber)
    .action(
      action<{ dryRun?: boolean; grace?: number }>(async ({ client, out }, _arguments, { dryRun, grace }) => {
        const report = await client.gc({ ...(dryRun ? { dryRun } : {}), ...(grace === undefined ? {} : { graceMs: grace * 1000 }) });
        const verb = report.dryRun ? 'would remove' : 'removed';
        const environments = report.removedEnvironments ? ` and ${report.removedEnvironments} environments (${formatBytes(report.removedEnvironmentBytes)})` : '';
        out.result(report, () => out.line(`${verb} ${report.removedBlobs} files (${formatBytes(report.removedBytes)}), ${report.removedDirectories} directories${environments}; ${report.keptBlobs} files (${formatBytes(report.keptBytes)}) are kept`));
      }),
    );

const fsck = (): Command =>
  command('fsck', 'Read everything stored back and compare digests; exit code 1 if anything is wrong.', ['fsck', 'fsck --json']).action(
    action(async ({ client, out }) => {
      const report = await client.fsck();
      out.result(report, () => {
        if (report.problems.length) out.table(['problem', 'digest', 'versions', 'message'], report.problems.map((one) => [one.kind, one.digest, one.versions.join(', '), one.message]), { below: 'message' });
        else out.line({ text: '✔ ', style: 'green' }, `${report.versions} versions, ${report.blobs} files, ${formatBytes(report.bytes)}: all as they were stored`);
      });
      if (report.problems.length) throw new CliError(`${report.problems.length} ${report.problems.length === 1 ? 'problem' : 'problems'} found`, ExitCode.error, 'push the affected versions again under new names');
    }),
  );

const importDirectory = (): Command =>
  command('import <directory>', 'Import a Triton-style directory NAME/VERSION/model.onnx that the server can read, and serve it.', ['import ./models', 'import ./models --no-deploy'])
    .argument('<directory>')
    .option('--no-deploy', 'only repositories and versions, no services')
    .action(
      action<{ deploy: boolean }>(async ({ client, out }, [directory = ''], { deploy }) => {
        const report = await client.importDirectory(resolve(directory), { deploy });
        out.result(report, () => {
          const rows = report.models.flatMap((model) => model.versions.map((version) => [model.name, version.version, phaseOf(version.outcome), model.service, version.message]));
          if (rows.length) out.table(['model', 'version', 'outcome', 'service', 'message'], rows, { below: 'message' });
          for (const problem of report.problems) out.problem({ text: 'problem: ', style: 'yellow' }, problem);
          for (const warning of report.warnings) out.problem({ text: 'warning: ', style: 'yellow' }, warning);
        });
        const failed = report.problems.length;
        if (failed) throw new CliError(`${failed} ${failed === 1 ? 'problem' : 'problems'} above; what is not named there was imported`, ExitCode.refused);
      }),
    );

const environments = (): Command =>
  command('environments', 'List the Python environments of versions: built, adopted from this machine, or still to be built.', ['environments', 'environments --json']).action(
    action(async ({ client, out }) => {
      const list = await client.listEnvironments();
      out.result(list, () => {
        const rows = list.map((one) => [shortDigest(one.digest), one.python, one.requirements.length, phaseCell(one.state), one.sizeBytes ? formatBytes(one.sizeBytes) : '', one.versions.join(', '), one.usedAt && formatTime(one.usedAt), one.message || one.interpreter]);
        out.table(['digest', 'python', 'packages', 'state', 'size', 'versions', 'used', 'message'], rows, { below: 'message', drop: ['used', 'size'] });
      });
    }),
  );

const phaseOf = (outcome: string) => (outcome === 'failed' ? phaseCell('failed') : outcome);

export const maintenanceCommands = (): readonly Command[] => [gc(), fsck(), importDirectory(), environments()];
