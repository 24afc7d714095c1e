import { useCallback, useEffect, useRef, useState } from 'react';
import { useAnnounce } from '../../shared/announce';
import { requiredContext } from '../../shared/requiredContext';

export interface Notice {
  text: string;
  isBad: boolean;
}

/** `shownMs`: for what is true only that long. */
export type ShowNotice = (text: string, tone?: 'plain' | 'bad', shownMs?: number) => void;

export const [ShowNoticeProvider, useShowNotice] = requiredContext<ShowNotice>('ShowNotice');

const SHOWN_MS = 8_000;

/**
 * Says why a key did nothing, or what happened elsewhere, to be read as well as heard. A notice goes
 * by itself, takes no focus and moves nothing on the page.
 */
export function useNotices() {
  const announce = useAnnounce();
  const [notice, setNotice] = useState<Notice | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const hideNotice = useCallback(() => {
    clearTimeout(timer.current);
    setNotice(null);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);

  const showNotice = useCallback<ShowNotice>(
    (text, tone = 'plain', shownMs = SHOWN_MS) => {
      const isBad = tone === 'bad';
      announce(text, isBad ? 'assertive' : 'polite');
      setNotice({ text, isBad });
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setNotice(null), shownMs);
    },
    [announce],
  );
  return { notice, showNotice, hideNotice };
}
