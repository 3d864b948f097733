import { t } from '../i18n/index.ts';
import { setQuery } from '../router.ts';
import { visible } from '../text.ts';

/** One condition of a filter that is kept in the address. */
export function Choice({ name, label, value, options }: { readonly name: string; readonly label: string; readonly value: string; readonly options: readonly string[] }) {
  // What the address names may be gone; it stays what was asked for.
  const all = value && !options.includes(value) ? [value, ...options] : options;
  return (
    <label class="field"><span>{label}</span>
      <select value={value} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}><option value="">{t('filter.all')}</option>{all.map((option) => <option key={option} value={option}>{visible(option)}</option>)}</select>
    </label>
  );
}
