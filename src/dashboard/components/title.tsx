import { useEffect, useRef } from 'preact/hooks';
import { visible } from '../text.ts';

/** Whether a page was shown before: the first one's focus is the browser's. */
let navigated = false;

/** A page's heading: names the document, and takes the focus when a page is opened, so that a screen reader says it. */
export function Title({ text }: { readonly text: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${visible(text)} · Lepton AI`;
  }, [text]);
  useEffect(() => {
    if (navigated) heading.current?.focus({ preventScroll: true });
    navigated = true;
  }, []);
  return <h1 ref={heading} tabIndex={-1}>{visible(text)}</h1>;
}
