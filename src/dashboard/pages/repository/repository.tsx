import { Title } from '../../components/title.tsx';

export function RepositoryPage({ repository }: { readonly repository: string; readonly version?: string }) {
  return <Title text={repository} />;
}
