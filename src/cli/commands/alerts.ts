import type { Command } from 'commander';
import { parseAllDocuments } from 'yaml';
import { type Alert, type AlertRule, type AlertRuleInput, LeptonApiError } from '../../../clients/typescript/src/index.ts';
import { action, collect, command } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { readTextOrInput } from '../files.ts';
import { type Cell, formatTime } from '../output.ts';
import { yamlContent } from '../yaml-file.ts';

interface ListFlags {
  readonly rule?: string;
  readonly service?: string;
  readonly version?: string;
  readonly state?: Alert['state'];
}

const STATE_STYLES = { firing: 'red', pending: 'yellow', resolved: 'green', inactive: 'dim' } as const;

const list = (): Command =>
  command('list', 'What rules say of each version, firing ones first.', ['alerts', 'alerts list --state firing', 'alerts list --service my-service --json'])
    .option('--rule <name>')
    .option('--service <name>')
    .option('--version <version>')
    .option('--state <state>', 'inactive, pending, firing or resolved')
    .action(
      action<ListFlags>(async (context, _arguments, filter) => {
        const overview = await context.client.listAlerts(filter);
        context.out.result(overview, () => {
          const shown = filter.state ? overview.alerts : overview.alerts.filter(({ state }) => state !== 'inactive');
          if (!shown.length) return context.out.line(overview.alerts.length ? `nothing fires: ${overview.alerts.length} inactive` : 'nothing fires; lepton-ai alerts rules lists the rules');
          context.out.table(['state', 'severity', 'rule', 'version', 'since', 'message'], shown.map((alert): Cell[] => [{ text: alert.state, style: STATE_STYLES[alert.state] }, alert.severity, alert.rule, `${alert.service}:${alert.version}`, formatTime(alert.since), alert.message]), { below: 'message' });
          const { failed, dropped } = overview.webhooks;
          if (failed + dropped) context.out.note({ text: `webhooks: ${failed} given up, ${dropped} dropped since the platform started`, style: 'yellow' });
        });
      }),
    );

const rules = (): Command =>
  command('rules', 'List the rules.', ['alerts rules']).action(
    action(async (context) => {
      const found = await context.client.listAlertRules();
      context.out.result(found, () => context.out.table(['name', 'on', 'condition', 'for', 'severity', 'actions'], found.map(row)));
    }),
  );

const row = ({ name, service, version, metric, op, threshold, windowMs, forMs, severity, event, log, webhook, enabled }: AlertRule): Cell[] => [
  enabled ? name : { text: `${name} (off)`, style: 'dim' },
  [service ?? 'every service', version].filter(Boolean).join(':'),
  `${metric} ${op} ${threshold} over ${windowMs / 1000} s`, `${forMs / 1000} s`, severity,
  [event && 'event', log && 'log', webhook && 'webhook'].filter(Boolean).join(', ') || 'none',
];

const apply = (): Command =>
  command('apply', 'Make rules equal to a YAML file, one document a rule; the same again changes nothing.', ['alerts apply -f alerts.yaml --dry-run', 'alerts apply -f alerts.yaml'])
    .requiredOption('-f, --file <file>', 'YAML; - is standard input; may be repeated', collect)
    .option('--dry-run', 'say what would change and change nothing')
    .action(
      action<{ file: readonly string[]; dryRun?: boolean }>(async (context, _arguments, { file, dryRun = false }) => {
        const changes: object[] = [];
        for (const { place, name, rule } of file.flatMap(readRules)) {
          const change = await context.client.putAlertRule(name, rule, { dryRun }).catch((error: unknown) => refusedAt(place, error));
          changes.push(change);
          if (!context.out.json) context.out.line(`alert rule ${name}: ${change.outcome === 'unchanged' ? 'nothing changes' : `${dryRun ? 'would be ' : ''}${change.outcome}`}`);
        }
        context.out.result(changes, () => undefined);
      }),
    );

const remove = (): Command =>
  command('delete <name>', 'Delete a rule and what it said.', ['alerts delete errors'])
    .argument('<name>')
    .action(
      action(async (context, [name = '']) => {
        await context.client.deleteAlertRule(name);
        context.out.result({ rule: name, deleted: true }, () => context.out.line(`alert rule ${name} deleted`));
      }),
    );

const trial = (): Command =>
  command('test <name>', 'Send a trial to a rule’s webhook.', ['alerts test errors'])
    .argument('<name>')
    .action(
      action(async (context, [name = '']) => {
        const { delivered, problem } = await context.client.testAlertRule(name);
        context.out.result({ rule: name, delivered, problem }, () => delivered && context.out.line('the webhook took it'));
        if (!delivered) throw new CliError(`the webhook did not take it: ${problem}`, ExitCode.error, 'look at its address, and at what its receiver logs');
      }),
    );

const metrics = (): Command =>
  command('metrics', 'What a rule may be on.', ['alerts metrics']).action(
    action(async (context) => {
      const found = await context.client.listAlertMetrics();
      context.out.result(found, () => context.out.table(['metric', 'unit', 'meaning'], found.map(({ name, unit, help }) => [name, unit, help]), { below: 'meaning' }));
    }),
  );

export const alertsCommand = (): Command =>
  command('alerts', 'Rules on metrics of versions, and what they say; alone: what fires.', ['alerts', 'alerts rules', 'alerts apply -f alerts.yaml']).addCommand(list(), { isDefault: true }).addCommand(rules()).addCommand(apply()).addCommand(remove()).addCommand(trial()).addCommand(metrics());

interface PlacedRule {
  readonly place: string;
  readonly name: string;
  readonly rule: AlertRuleInput;
}

/** The rules of a file; what is in them is the server's to check. */
function readRules(path: string): PlacedRule[] {
  const documents = parseAllDocuments(readTextOrInput(path));
  if (!Array.isArray(documents) || documents.length === 0) throw new CliError(`${path} holds no document`, ExitCode.usage);
  return documents.map((document, index) => {
    const place = documents.length > 1 ? `${path}, document ${index + 1}` : path;
    const value = yamlContent(document, place);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new CliError(`${place}: a document must hold keys and values`, ExitCode.usage);
    const { kind = 'AlertRule', ...rule } = value as Record<string, unknown>;
    if (kind !== 'AlertRule') throw new CliError(`${place}: kind is ${JSON.stringify(kind)}, not AlertRule`, ExitCode.usage);
    if (typeof rule.name !== 'string') throw new CliError(`${place}: name must be a text`, ExitCode.usage);
    // A version such as `2` is a number to YAML.
    if (typeof rule.version === 'number') rule.version = String(rule.version);
    return { place, name: rule.name, rule: rule as unknown as AlertRuleInput };
  });
}

function refusedAt(place: string, error: unknown): never {
  if (!(error instanceof LeptonApiError) || error.status < 400 || error.status >= 500) throw error;
  const { code, status, details, retryAfterSeconds, requestId } = error;
  throw new LeptonApiError(`${place}: ${error.message}`, { code, status, details, retryAfterSeconds, requestId, cause: error });
}
