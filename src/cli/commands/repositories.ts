import type { Command } from 'commander';
import type { Version } from '../../../clients/typescript/src/index.ts';
import { action, command, referenceOf } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { formatBytes, formatTime, shortDigest } from '../output.ts';
import { pushCommand } from './push.ts';

const createRepository = (): Command =>
  command('create-repository <name>', 'Create a model repository: the history of one model.', ['create-repository my-model --description "spam or not"'])
    .argument('<name>')
    .option('--description <text>')
    .option('--if-not-exists', 'an existing one is fine')
    .action(
      action<{ description?: string; ifNotExists?: boolean }>(async ({ client, out }, [name = ''], options) => {
        const repository = await client.createRepository(name, options);
        out.result(repository, () => out.line(`repository ${repository.name} is there, with ${repository.versionCount} versions`));
      }),
    );

const versions = (): Command =>
  command('versions [repository]', 'List the versions of a repository; without one, the repositories.', ['versions', 'versions my-model'])
    .argument('[repository]')
    .action(
      action(async ({ client, out }, [name]) => {
        if (name === undefined) {
          const repositories = await client.listRepositories();
          return out.result(repositories, () =>
            out.table(
              ['repository', 'versions', 'latest', 'labels', 'created', 'description'],
              repositories.map((one) => [one.name, one.versionCount, one.latestVersion, labelText(one.labels), formatTime(one.createdAt), one.description]),
              { below: 'description', drop: ['created'] },
            ),
          );
        }
        const [repository, list] = await Promise.all([client.getRepository(name), client.listVersions(name)]);
        const labelsOf = (version: string): string => Object.entries(repository.labels).filter(([, target]) => target === version).map(([label]) => label).join(', ');
        out.result(list, () =>
          out.table(
            ['version', 'digest', 'format', 'size', 'labels', 'parent', 'created', 'by'],
            list.map((one) => [one.version, shortDigest(one.digest), one.manifest.format, formatBytes(one.sizeBytes), labelsOf(one.version), one.parentVersion, formatTime(one.createdAt), one.createdBy]),
            { drop: ['by', 'format', 'parent'] },
          ),
        );
      }),
    );

const labelText = (labels: Readonly<Record<string, string>>): string => Object.entries(labels).map(([label, version]) => `${label}→${version}`).join(', ');

const show = (): Command =>
  command('show <repository[:version]>', 'Show a version (by its name or a label), or a repository.', ['show my-model:v1.0', 'show my-model:stable --json'])
    .argument('<reference>')
    .action(
      action(async ({ client, out }, [text = '']) => {
        if (!text.includes(':')) {
          const repository = await client.getRepository(text);
          return out.result(repository, () => pairs(out.line.bind(out), { ...repository, labels: labelText(repository.labels) }));
        }
        const { repository, version } = referenceOf(text);
        const found = await client.getVersion(repository, version);
        out.result(found, () => {
          pairs(out.line.bind(out), versionFacts(found));
          out.line();
          const signature = [...found.manifest.signature.inputs.map((one) => ['input', one] as const), ...found.manifest.signature.outputs.map((one) => ['output', one] as const)];
          out.table(['side', 'name', 'datatype', 'shape'], signature.map(([side, one]) => [side, one.name, one.datatype, shapeText(one)]));
          out.line();
          out.table(['file', 'size', 'sha256'], found.manifest.files.map((file) => [file.path, formatBytes(file.size), shortDigest(file.digest)]));
        });
      }),
    );

function versionFacts(version: Version): Record<string, unknown> {
  const { manifest } = version;
  return {
    version: `${version.repository}:${version.version}`,
    digest: version.digest,
    format: `${manifest.format} (${manifest.entry})`,
    size: formatBytes(version.sizeBytes),
    parent: version.parentVersion ?? manifest.parent ?? 'none',
    created: `${formatTime(version.createdAt)} by ${version.createdBy}`,
    ...Object.fromEntries(Object.entries(manifest.metadata).map(([key, value]) => [`metadata.${key}`, value])),
    ...Object.fromEntries(Object.entries(manifest.model).filter(([, value]) => value !== '' && value !== null).map(([key, value]) => [`model.${key}`, value])),
  };
}

function shapeText(tensor: { shape: readonly number[]; dimensionNames?: readonly string[] }): string {
  return `[${tensor.shape.map((size, axis) => (size === -1 ? tensor.dimensionNames?.[axis] || '-1' : size)).join(', ')}]`;
}

function pairs(line: (...cells: string[]) => void, facts: Readonly<Record<string, unknown>>): void {
  const width = Math.max(...Object.keys(facts).map((key) => key.length));
  for (const [key, value] of Object.entries(facts)) line(`${key.padEnd(width)}  ${typeof value === 'string' ? value : JSON.stringify(value)}`);
}

const diff = (): Command =>
  command('diff <repository> <from> <to>', 'Compare two versions: files, signature, metadata.', ['diff my-model v1.0 v1.1', 'diff my-model stable canary'])
    .argument('<repository>')
    .argument('<from>')
    .argument('<to>')
    .action(
      action(async ({ client, out }, [repository = '', from = '', to = '']) => {
        const result = await client.diff(repository, from, to);
        out.result(result, () => {
          if (result.identical) return out.line(`${from} and ${to} are identical`);
          out.table(
            ['what', 'change', 'name', 'from', 'to'],
            [
              ...result.files.map((one) => ['file', one.change, one.path, fileText(one.from), fileText(one.to)]),
              ...result.signature.map((one) => [one.side, one.change, one.name, one.from, one.to]),
              ...result.metadata.map((one) => ['metadata', one.change, one.key, jsonText(one.from), jsonText(one.to)]),
            ],
          );
        });
      }),
    );

const fileText = (file: { digest: string; size: number } | undefined): string | undefined => file && `${shortDigest(file.digest)} ${formatBytes(file.size)}`;
const jsonText = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value));

const history = (): Command =>
  command('history <repository>', 'What was done to a repository, newest first.', ['history my-model --limit 20'])
    .argument('<repository>')
    .option('--limit <count>', 'most entries', Number, 100)
    .action(
      action<{ limit: number }>(async ({ client, out }, [repository = ''], { limit }) => {
        const entries = await client.history(repository, { limit });
        out.result(entries, () =>
          out.table(
            ['at', 'by', 'what', 'version', 'label', 'before'],
            entries.map((one) => [formatTime(one.at), one.by, one.action, one.version, one.label, one.before]),
          ),
        );
      }),
    );

function label(): Command {
  const group = command('label', 'Set, list and delete labels: pointers that move, with history.', ['label set my-model stable v1.1', 'label list my-model', 'label delete my-model canary']);
  group.addCommand(
    command('set <repository> <label> <version>', 'Point a label to a version.', ['label set my-model stable v1.1', 'label set my-model stable v1.1 --expect v1.0'])
      .argument('<repository>')
      .argument('<label>')
      .argument('<version>')
      .option('--expect <version>', 'refuse unless the label points to this version now (`none`: unless it does not exist)')
      .action(
        action<{ expect?: string }>(async ({ client, out }, [repository = '', name = '', version = ''], { expect }) => {
          const moved = await client.moveLabel(repository, name, version, expect === undefined ? {} : { expect: expect === 'none' ? null : expect });
          out.result(moved, () => out.line(`${repository}:${moved.label} → ${moved.version}`));
        }),
      ),
  );
  group.addCommand(
    command('list <repository>', 'List the labels.', ['label list my-model'])
      .argument('<repository>')
      .action(
        action(async ({ client, out }, [repository = '']) => {
          const labels = await client.listLabels(repository);
          out.result(labels, () => out.table(['label', 'version', 'digest', 'moved', 'by'], labels.map((one) => [one.label, one.version, shortDigest(one.digest), formatTime(one.movedAt), one.movedBy])));
        }),
      ),
  );
  group.addCommand(
    command('delete <repository> <label>', 'Delete a label.', ['label delete my-model canary'])
      .argument('<repository>')
      .argument('<label>')
      .action(
        action(async ({ client, out }, [repository = '', name = '']) => {
          await client.deleteLabel(repository, name);
          out.result({ repository, label: name, deleted: true }, () => out.line(`label ${repository}:${name} deleted`));
        }),
      ),
  );
  return group;
}

const remove = (): Command =>
  command('delete <repository[:version]>', 'Delete a version that nothing uses, or with --all-versions a whole repository.', ['delete my-model:v0.9', 'delete my-model --all-versions'])
    .argument('<reference>')
    .option('--all-versions', 'the repository with everything in it')
    .action(
      action<{ allVersions?: boolean }>(async ({ client, out }, [text = ''], options) => {
        if (text.includes(':')) {
          const { repository, version } = referenceOf(text);
          await client.deleteVersion(repository, version);
        } else if (options.allVersions) await client.deleteRepository(text);
        else throw new CliError(`${text} is a whole repository`, ExitCode.usage, `name a version (${text}:VERSION), or add --all-versions`);
        out.result({ deleted: text }, () => out.line(`${text} deleted; lepton-ai gc gives the space back`));
      }),
    );

export const repositoryCommands = (): readonly Command[] => [createRepository(), pushCommand(), versions(), show(), diff(), label(), history(), remove()];
