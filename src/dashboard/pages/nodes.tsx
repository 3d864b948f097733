import { Title } from '../components/title.tsx';
import { t } from '../i18n/index.ts';

export function NodesPage() {
  return <Title text={t('nav.nodes')} />;
}
