/** One figure with its name. */
export function Tile({ name, value, note }: { readonly name: string; readonly value: string; readonly note?: string | undefined }) {
  return <div class="tile"><dt>{name}</dt><dd>{value}{note && <small> {note}</small>}</dd></div>;
}
