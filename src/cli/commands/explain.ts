import type { Command } from 'commander';
import { action, command } from '../context.ts';
import { showExplanation } from '../explanation-text.ts';

/** `lepton-ai explain` */
export const explainCommand = (): Command =>
  command('explain <service>', 'Say why the versions of a service get what they get of the machine, and what would give them more.', ['explain my-service'])
    .argument('<service>')
    .action(
      action<object>(async ({ client, out }, [service = '']) => {
        const explanation = await client.explain(service);
        out.result(explanation, () => showExplanation(out, explanation));
      }),
    );
