import { useCallback, useEffect, useRef, useState } from 'react';
import { useAnnounce } from '../../shared/announce';

export interface Notice {
  text: string;
  isBad: boolean;
}

/** `shownMs`: for what is true only that long. */
export type Say = (text: string, tone?: 'plain' | 'bad', shownMs?: number) => void;

const SHOWN_MS = 8_000;

/**
 * Tells why a key came to nothing, or what happened elsewhere: to be read as well as heard. It goes
 * by itself, takes no focus and moves nothing on the page.
 */
export function useNotice() {
  const announce = useAnnounce();
  const [notice, setNotice] = useState<Notice | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const hide = useCallback(() => {
    clearTimeout(timer.current);
    setNotice(null);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);

  const say = useCallback<Say>(
    (text, tone = 'plain', shownMs = SHOWN_MS) => {
      const isBad = tone === 'bad';
      announce(text, isBad ? 'assertive' : 'polite');
      setNotice({ text, isBad });
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setNotice(null), shownMs);
    },
    [announce],
  );
  return { notice, say, hide };
}
