import { Empty } from '../components/empty.tsx';
import { Title } from '../components/title.tsx';
import { t } from '../i18n/index.ts';

export function SchedulerPage() {
  return (
    <>
      <Title text={t('nav.scheduler')} />
      <section class="card"><Empty title={t('scheduler.none')} text={t('scheduler.noneText')} commands={['lepton-ai simulate --trace examples/simulation/digits.yaml', 'lepton-ai solve --paper examples/paper/case.yaml']} /></section>
    </>
  );
}
