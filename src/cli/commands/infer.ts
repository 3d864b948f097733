import type { Command } from 'commander';
import type { InferenceOptions, InferenceResult, TensorOutput } from '../../../clients/typescript/src/index.ts';
import { action, type CliContext, collect, command, wholeNumber } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { readTextOrInput } from '../files.ts';
import { formatMs } from '../output.ts';
import { inputOf, outputValues, parseExactJson, requestOf } from '../tensor-json.ts';

interface InferFlags {
  readonly version?: string;
  readonly input?: readonly string[];
  readonly file?: string;
  readonly header?: readonly string[];
  readonly parameter?: readonly string[];
  readonly timeout?: number;
}

/** Values shown for people; `--json` has all. */
const VALUES_SHOWN_MAX = 64;

export const inferCommand = (): Command =>
  command('infer <service>', 'Send one request and show which version answered what, and where the time went.', [
    "infer my-service --input 'x=[[1,2,3,4]]'",
    "infer my-service --version v2 --input 'x=[[1,2,3,4]]' --json",
    'infer my-service --file request.json --header x-user=alice',
  ])
    .argument('<service>')
    .option('--version <version>', 'a version or label; default: the service’s traffic decides')
    .option('--input <name=json>', 'an input as nested lists; may be repeated', collect)
    .option('--file <file>', 'a request in the protocol’s JSON form; - is standard input')
    .option('--header <name=value>', 'a request header, for example the sticky one; may be repeated', collect)
    .option('--parameter <name=value>', 'a request parameter; may be repeated', collect)
    .option('--timeout <ms>', 'deadline of the request', wholeNumber)
    .action(
      action<InferFlags>(async (context, [service = ''], flags) => {
        const result = await send(context, service, flags);
        const outputs = Object.values(result.outputs).map((output) => ({ name: output.name, datatype: output.datatype, shape: output.shape, data: outputValues(output) }));
        context.out.result({ ...result, outputs }, () => show(context, result, outputs));
      }),
    );

async function send({ inference }: CliContext, service: string, flags: InferFlags): Promise<InferenceResult> {
  if ((flags.file === undefined) === (flags.input === undefined)) throw new CliError('give --input name=JSON or --file request.json', ExitCode.usage);
  const options: InferenceOptions = {
    ...(flags.version === undefined ? {} : { version: flags.version }),
    ...(flags.header ? { headers: pairsOf('--header', flags.header) } : {}),
    ...(flags.parameter ? { parameters: pairsOf('--parameter', flags.parameter) } : {}),
    ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout }),
  };
  if (flags.file !== undefined) {
    const { inputs, ...more } = requestOf(parseExactJson(readTextOrInput(flags.file), flags.file), flags.file);
    return inference.infer(service, inputs, { ...more, ...options, parameters: { ...more.parameters, ...options.parameters } });
  }
  const metadata = await inference.metadata(service, options);
  return inference.infer(service, Object.fromEntries((flags.input ?? []).map((text) => inputOf(text, metadata))), options);
}

function pairsOf(flag: string, texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new CliError(`${flag} ${JSON.stringify(text)} is not name=value`, ExitCode.usage);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function show({ out }: CliContext, result: InferenceResult, outputs: readonly (Pick<TensorOutput, 'name' | 'datatype' | 'shape'> & { data: unknown[] })[]): void {
  const { timings } = result;
  out.line('version ', { text: result.version, style: 'bold' }, `  queue ${formatMs(timings.queueMs)}, run ${formatMs(timings.runMs)}, total ${formatMs(timings.totalMs)}, batch ${timings.batchSize ?? '-'}`);
  if (result.predictionId) out.line({ text: `prediction ${result.predictionId}`, style: 'dim' });
  for (const { name, datatype, shape, data } of outputs) {
    const more = data.length > VALUES_SHOWN_MAX ? `, … ${data.length - VALUES_SHOWN_MAX} more (--json has all)` : '';
    out.line({ text: name, style: 'bold' }, ` ${datatype}[${shape.join(',')}]: ${data.slice(0, VALUES_SHOWN_MAX).map((value) => valueText(value, datatype)).join(', ')}${more}`);
  }
}

/** Only texts have quotes; NaN and integers beyond 2^53, texts in JSON, are numbers to people. */
const valueText = (value: unknown, datatype: string): string => (datatype === 'BYTES' ? JSON.stringify(value) : String(value));
