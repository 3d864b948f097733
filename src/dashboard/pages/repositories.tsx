import { Title } from '../components/title.tsx';
import { t } from '../i18n/index.ts';

export function RepositoriesPage() {
  return <Title text={t('nav.repositories')} />;
}
