import type { Command } from 'commander';
import { SingleBar } from 'cli-progress';
import type { PushProgress } from '../../../clients/typescript/src/index.ts';
import { action, collect, command, referenceOf } from '../context.ts';
import { formatBytes, type Output, shortDigest } from '../output.ts';
import { jsonFile, metadataOf } from '../files.ts';

interface PushFlags {
  readonly metadata?: readonly string[];
  readonly example?: readonly string[];
  readonly parent?: string;
  readonly label?: readonly string[];
  readonly allowUnsafe?: string;
  readonly create: boolean;
}

/** File of an artefact that holds its known answers. */
const EXAMPLES_FILE = 'lepton-examples.json';

export const pushCommand = (): Command =>
  command('push <repository:version> <path>', 'Save a directory, or one model file, as an immutable version. Symbolic links are followed, also out of the directory.', [
    'push my-model:v1.0 ./model.onnx',
    'push my-model:v1.1 ./exported --metadata accuracy=0.93 --metadata @training.json --label canary',
    'push my-model:v1.2 ./exported --example example.json',
  ])
    .argument('<reference>')
    .argument('<path>')
    .option('--metadata <key=value|@file.json>', 'a fact to keep with the version; may be repeated', collect)
    .option('--example <file.json>', 'known answer {inputs, outputs, tolerance?} that the version must give before it serves; may be repeated', collect)
    .option('--parent <version>', 'version or label that it comes from (none: no parent; default: the newest)')
    .option('--allow-unsafe <reason>', 'take files that would run code when they are loaded; the reason is kept with the version')
    .option('--label <label>', 'label to point to it; may be repeated', collect)
    .option('--no-create', 'refuse if the repository does not exist')
    .action(
      action<PushFlags>(async ({ client, out }, [reference, path = ''], flags) => {
        const { repository, version } = referenceOf(reference);
        const bar = progressBar(out);
        const warnings: string[] = [];
        const result = await client
          .pushDirectory(path, {
            repository,
            version,
            createRepository: flags.create,
            ...(flags.allowUnsafe === undefined ? {} : { allowUnsafe: flags.allowUnsafe }),
            ...(flags.metadata ? { metadata: metadataOf(flags.metadata) } : {}),
            ...(flags.parent === undefined ? {} : { parent: flags.parent === 'none' ? null : flags.parent }),
            ...(flags.example ? { extraFiles: { [EXAMPLES_FILE]: new TextEncoder().encode(JSON.stringify(flags.example.flatMap(jsonFile))) } } : {}),
            onProgress: bar.update,
            onWarning: (message) => warnings.push(message),
          })
          .finally(() => {
            bar.stop();
            for (const warning of warnings) out.problem({ text: 'warning: ', style: 'yellow' }, warning);
          });
        for (const label of flags.label ?? []) await client.moveLabel(repository, label, version);
        out.result(result, () =>
          out.line(
            `${repository}:${version} ${result.created ? 'published' : 'was there already, unchanged'}: ${shortDigest(result.version.digest)}, ${result.version.manifest.format}, ` +
              `${formatBytes(result.totalBytes)}, ${formatBytes(result.sentBytes)} sent${flags.label ? `; labels ${flags.label.join(', ')}` : ''}`,
          ),
        );
      }),
    );

/** A bar on a terminal, nothing elsewhere. */
function progressBar(out: Output): { update: (progress: PushProgress) => void; stop: () => void } {
  if (!out.interactive) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({ format: '{phase} {bar} {percentage}%  {done} of {total}', clearOnComplete: true, hideCursor: true, stream: process.stderr });
  let phase = '';
  return {
    update: ({ phase: now, doneBytes, totalBytes }) => {
      const facts = { phase: now.padEnd(6), done: formatBytes(doneBytes), total: formatBytes(totalBytes) };
      if (now !== phase) bar.start(Math.max(1, totalBytes), 0, facts);
      phase = now;
      bar.update(doneBytes, facts);
    },
    stop: () => bar.stop(),
  };
}
