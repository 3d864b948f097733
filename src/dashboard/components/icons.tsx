/** Line icons on a grid of 16, drawn in the text's colour. */
const PATHS = {
  overview: 'M2 2h5v5H2zM9 2h5v5H9zM2 9h5v5H2zM9 9h5v5H9z',
  repositories: 'M4 4a1.8 1.8 0 1 0 0-.01M4 6v4M4 12a1.8 1.8 0 1 0 0-.01M12 5a1.8 1.8 0 1 0 0-.01M12 7c0 3-5 2-7 4',
  tryIt: 'M4 2.5l9 5.5-9 5.5z',
  events: 'M8 1.5a6.5 6.5 0 1 0 .01 0M8 4.5V8l2.5 2',
  logs: 'M2.5 3h11M2.5 6.5h8M2.5 10h11M2.5 13.5h6',
  nodes: 'M2 2.5h12v4.5H2zM2 9h12v4.5H2zM4.5 4.7h.1M4.5 11.2h.1',
  scheduler: 'M2 13.5V9M6 13.5V3M10 13.5V6.5M14 13.5v-9',
  settings: 'M8 5.6a2.4 2.4 0 1 0 .01 0M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M12.6 3.4l-1.4 1.4M4.8 11.2l-1.4 1.4',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Logo() {
  return (
    <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#2450c0" />
      <path d="M9 7v18h14" fill="none" stroke="#fff" stroke-width="3.4" stroke-linecap="round" stroke-linejoin="round" />
      <circle cx="20" cy="11" r="2.6" fill="#fff" />
      <circle cx="15.5" cy="17" r="2" fill="#9dbbff" />
      <circle cx="23" cy="18" r="1.7" fill="#9dbbff" />
    </svg>
  );
}
