import { Title } from '../../components/title.tsx';
import { t } from '../../i18n/index.ts';

export function TryItPage({ service }: { readonly service?: string }) {
  return <Title text={service ?? t('nav.tryIt')} />;
}
