import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { whole } from '../format.ts';
import { t } from '../i18n/index.ts';

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** By what it sorts; absent: it does not. */
  readonly order?: (row: Row) => string | number | null | undefined;
  readonly right?: boolean;
  /** Names the row. */
  readonly header?: boolean;
}

interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly pageRows?: number;
  /** What a search looks through; absent: there is no search. */
  readonly searchText?: (row: Row) => string;
  readonly picked?: (row: Row) => boolean;
  /** Less air, for many columns. */
  readonly dense?: boolean;
}

const PAGE_ROWS = 25;

/** A table that pages, sorts and searches in the page: readable with hundreds of rows, and as quick as with ten. */
export function Table<Row>({ label, columns, rows, keyOf, pageRows = PAGE_ROWS, searchText, picked, dense }: TableProps<Row>) {
  const page = useSignal(0);
  const search = useSignal('');
  const sort = useSignal<{ readonly id: string; readonly down: boolean } | null>(null);
  const wanted = search.value.trim().toLowerCase();
  const found = wanted && searchText ? rows.filter((row) => searchText(row).toLowerCase().includes(wanted)) : rows;
  const sorted = sortRows(found, columns.find(({ id }) => id === sort.value?.id)?.order, sort.value?.down ?? false);
  const pages = Math.max(1, Math.ceil(sorted.length / pageRows));
  const current = Math.min(page.value, pages - 1);
  const shown = sorted.slice(current * pageRows, (current + 1) * pageRows);
  const sortBy = (id: string): void => void (sort.value = sort.value?.id === id ? (sort.value.down ? null : { id, down: true }) : { id, down: false });
  return (
    <div>
      {searchText && rows.length > 8 && (
        <input type="search" aria-label={t('table.search', { what: label })} placeholder={t('table.searchShort')} value={search.value} onInput={(event) => { search.value = event.currentTarget.value; page.value = 0; }} />
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1). */}
      <section class="scroll" tabIndex={0} aria-label={label}>
        <table class={dense ? 'dense' : ''}>
          <thead>
            <tr>
              {columns.map(({ id, title, order, right }) => (
                <th key={id} scope="col" class={right ? 'right' : ''} aria-sort={sort.value?.id === id ? (sort.value.down ? 'descending' : 'ascending') : undefined}>
                  {order ? <button type="button" class="sort" onClick={() => sortBy(id)}>{title}{sort.value?.id === id ? (sort.value.down ? ' ↓' : ' ↑') : ''}</button> : title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={keyOf(row)} class={picked?.(row) ? 'picked' : ''}>
                {columns.map(({ id, cell, right, header }) => (header ? <th key={id} scope="row">{cell(row)}</th> : <td key={id} class={right ? 'right numbers' : ''}>{cell(row)}</td>))}
              </tr>
            ))}
          </tbody>
        </table>
        {sorted.length === 0 && wanted && <p class="muted empty">{t('table.nothingFound')}</p>}
      </section>
      {pages > 1 && (
        <div class="pager small">
          <span class="muted">{t('table.range', { from: whole(current * pageRows + 1), to: whole(current * pageRows + shown.length), total: whole(sorted.length) })}</span>
          <button type="button" class="button small" disabled={current === 0} onClick={() => (page.value = current - 1)}>{t('table.previous')}</button>
          <button type="button" class="button small" disabled={current >= pages - 1} onClick={() => (page.value = current + 1)}>{t('table.next')}</button>
        </div>
      )}
    </div>
  );
}

function sortRows<Row>(rows: readonly Row[], order: Column<Row>['order'], down: boolean): readonly Row[] {
  if (!order) return rows;
  const sign = down ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [left, right] = [order(a), order(b)];
    // What is not known comes last, whichever way.
    if (left == null || right == null) return Number(left == null) - Number(right == null);
    return sign * (typeof left === 'number' && typeof right === 'number' ? left - right : String(left).localeCompare(String(right), undefined, { numeric: true }));
  });
}
