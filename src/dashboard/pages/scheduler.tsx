import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Plan, PlanSummary } from '../../../clients/typescript/src/types.ts';
import { api, messageOf } from '../api.ts';
import { Badge } from '../components/badge.tsx';
import { Command } from '../components/command.tsx';
import { Empty, Loading } from '../components/empty.tsx';
import { type Column, Table } from '../components/table.tsx';
import { Tile } from '../components/tile.tsx';
import { Title } from '../components/title.tsx';
import { ago, bytes, cores, dateTime, milliseconds, number, percent, perSecond, whole } from '../format.ts';
import { t } from '../i18n/index.ts';
import { query, setQuery } from '../router.ts';
import { shellWord, visible } from '../text.ts';

const REFRESH_MS = 5000;
const PLANS_MAX = 100;

/** Who gets how much of the machine: the next plan, or with one in the address an executed one; and those that were. */
export function SchedulerPage() {
  const asked = query.value.get('plan');
  const plan = useSignal<Plan | null>(null);
  const plans = useSignal<readonly PlanSummary[] | null>(null);
  const trouble = useSignal<string | null>(null);
  useEffect(() => {
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async (): Promise<void> => {
      try {
        const [found, listed] = await Promise.all([asked === null ? api().nextPlan() : api().getPlan(Number(asked)), api().listPlans({ limit: PLANS_MAX })]);
        if (!current) return;
        [plan.value, plans.value, trouble.value] = [found, listed, null];
      } catch (error) {
        if (current) trouble.value = messageOf(error);
      }
      if (current && asked === null) timer = setTimeout(() => void read(), document.hidden ? REFRESH_MS * 6 : REFRESH_MS);
    };
    plan.value = null;
    void read();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [asked]);
  return (
    <>
      <div class="head">
        <Title text={t('nav.scheduler')} />
        {asked !== null && <div class="actions"><button type="button" class="button" onClick={() => setQuery({ plan: null })}>{t('scheduler.toNext')}</button></div>}
      </div>
      {trouble.value !== null && <p class="trouble" role="alert">{visible(trouble.value)}</p>}
      {plan.value === null ? trouble.value === null && <Loading /> : <PlanFacts plan={plan.value} />}
      <section class="card stack">
        <h2>{t('scheduler.executed')}</h2>
        {plans.value?.length === 0 && <Empty title={t('scheduler.none')} text={t('scheduler.noneText')} />}
        {plans.value && plans.value.length > 0 && <Table label={t('scheduler.executed')} columns={planColumns()} rows={plans.value} keyOf={({ id }) => String(id)} pageRows={10} picked={({ id }) => String(id) === asked} />}
        <Command text="lepton-ai plan --list" />
      </section>
      <section class="card stack">
        <h2>{t('scheduler.paper')}</h2>
        <p class="muted">{t('scheduler.paperText')}</p>
        <Command text={['lepton-ai', 'solve', '--paper', 'examples/paper/case.yaml'].map(shellWord).join(' ')} />
        <Command text={['lepton-ai', 'simulate', '--trace', 'examples/simulation/digits.yaml'].map(shellWord).join(' ')} />
      </section>
    </>
  );
}

function PlanFacts({ plan }: { readonly plan: Plan }) {
  return (
    <>
      <dl class="tiles">
        <Tile name={t('scheduler.plan')} value={plan.id === null ? t('scheduler.next') : `#${plan.id}`} note={ago(plan.at)} />
        <Tile name={t('scheduler.method')} value={t(`scheduler.method.${plan.method}`)} />
        <Tile name={t('scheduler.objective')} value={number(plan.objective)} note={plan.gap === null ? undefined : t('scheduler.gap', { gap: percent(plan.gap) })} />
        <Tile name={t('scheduler.solve')} value={milliseconds(plan.solveMs)} />
      </dl>
      {plan.conflicts.length > 0 && <ul class="card conditions">{plan.conflicts.map((conflict) => <li key={conflict}>{visible(conflict)}</li>)}</ul>}
      <section class="card stack">
        <header class="row"><h2>{t('scheduler.versions')}</h2><span class="muted small">{visible(plan.trigger)}</span></header>
        {plan.note && <p class="muted">{visible(plan.note)}</p>}
        <Table dense label={t('scheduler.versions')} columns={versionColumns()} rows={plan.versions} keyOf={({ id }) => id} searchText={({ id, code, why }) => `${id} ${code} ${why}`} />
        <h3>{t('scheduler.changes')}</h3>
        {plan.changes.length === 0 ? <p class="muted">{t('scheduler.noChange')}</p> : <ul class="changes">{plan.changes.map((change) => <li key={change}>{visible(change)}</li>)}</ul>}
        <Command text={plan.id === null ? 'lepton-ai plan' : `lepton-ai plan --id ${plan.id}`} />
      </section>
      <section class="card">
        <header><h2>{t('nav.nodes')}</h2></header>
        <Table label={t('nav.nodes')} columns={nodeColumns()} rows={plan.nodes} keyOf={({ name }) => name} />
      </section>
    </>
  );
}

function versionColumns(): readonly Column<Plan['versions'][number]>[] {
  return [
    { id: 'version', title: t('service.version'), header: true, order: ({ id }) => id, cell: ({ id }) => visible(id) },
    { id: 'code', title: t('scheduler.outcome'), order: ({ code }) => code, cell: ({ code }) => <Badge tone={code === 'served' ? 'good' : code === 'no-demand' || code === 'dominated' ? 'plain' : 'warn'} text={t(`scheduler.code.${code}`)} /> },
    { id: 'demand', title: t('scheduler.demand'), right: true, order: ({ demand }) => demand, cell: ({ demand }) => perSecond(demand) },
    { id: 'served', title: t('scheduler.served'), right: true, order: ({ served }) => served, cell: ({ served }) => perSecond(served) },
    { id: 'replicas', title: t('service.replicas'), right: true, order: ({ replicas }) => replicas, cell: ({ replicas, replicasNow }) => (replicas === replicasNow ? whole(replicas) : `${replicasNow} → ${replicas}`) },
    { id: 'cpus', title: t('metric.cpuShort'), right: true, order: ({ cpus }) => cpus, cell: ({ cpus }) => cores(cpus) },
    { id: 'memory', title: t('metric.memory'), right: true, order: ({ memoryBytes }) => memoryBytes, cell: ({ memoryBytes }) => bytes(memoryBytes) },
    { id: 'priority', title: t('scheduler.priority'), right: true, order: ({ priority }) => priority, cell: ({ priority }) => number(priority) },
    { id: 'why', title: t('scheduler.why'), cell: ({ why }) => <span class="small wrap">{visible(why)}</span> },
  ];
}

function nodeColumns(): readonly Column<Plan['nodes'][number]>[] {
  return [
    { id: 'name', title: t('scheduler.node'), header: true, cell: ({ name }) => visible(name) },
    { id: 'cpus', title: t('metric.cpu'), right: true, cell: ({ cpus, cpusUsed }) => `${cores(cpusUsed)} / ${cores(cpus)}` },
    { id: 'memory', title: t('metric.memory'), right: true, cell: ({ memoryBytes, memoryUsed }) => `${bytes(memoryUsed)} / ${bytes(memoryBytes)}` },
  ];
}

function planColumns(): readonly Column<PlanSummary>[] {
  return [
    { id: 'id', title: t('scheduler.plan'), header: true, cell: ({ id }) => <button type="button" class="button plain" onClick={() => setQuery({ plan: String(id) })}>{`#${id}`}</button> },
    { id: 'at', title: t('revisions.at'), cell: ({ at }) => <time dateTime={at} title={dateTime(at)}>{ago(at)}</time> },
    { id: 'trigger', title: t('scheduler.trigger'), cell: ({ trigger }) => <span class="wrap">{visible(trigger)}</span> },
    { id: 'changes', title: t('scheduler.changes'), cell: ({ changes }) => <span class="small wrap">{visible(changes.join('; '))}</span> },
    { id: 'method', title: t('scheduler.method'), cell: ({ method }) => t(`scheduler.method.${method}`) },
    { id: 'solve', title: t('scheduler.solve'), right: true, cell: ({ solveMs }) => milliseconds(solveMs) },
  ];
}
