import { useEffect, useRef, type RefObject } from 'react';

/**
 * A button that is pressed may go away with its card. The focus would be nowhere then; it goes here
 * instead, unless it has found another place.
 */
export function useFocusHome(): RefObject<HTMLElement | null> {
  const home = useRef<HTMLElement>(null);
  useEffect(() => {
    let last: EventTarget | null = null;
    const remember = (event: FocusEvent) => {
      last = event.target;
    };
    const observer = new MutationObserver(() => {
      const isGone = last instanceof Element && !last.isConnected;
      if (!isGone || document.activeElement !== document.body) return;
      last = null;
      home.current?.focus();
    });
    document.addEventListener('focusin', remember);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener('focusin', remember);
      observer.disconnect();
    };
  }, []);
  return home;
}
