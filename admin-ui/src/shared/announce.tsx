import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
} from 'react';
import Box from '@mui/material/Box';
import { visuallyHidden } from './visuallyHidden';

type Politeness = 'polite' | 'assertive';
export type Announce = (message: string, politeness?: Politeness) => void;

const AnnounceContext = createContext<Announce>(() => undefined);

/**
 * Says something to screen readers: the region changes at most once a second. What is said meanwhile
 * is said together then, so that every action gets its answer.
 */
export const useAnnounce = () => useContext(AnnounceContext);

const PAUSE_MS = 1_000;
/** In a storm only the newest of them: nobody could listen to all. */
const MOST_TOGETHER = 5;

export function AnnounceProvider({ children }: { children: ReactNode }) {
  const [polite, setPolite] = useState('');
  const [assertive, setAssertive] = useState('');
  const waiting = useRef(new Map<Politeness, string[]>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const say = useCallback(function sayWaiting() {
    for (const [politeness, messages] of waiting.current) {
      const message = messages.join('. ');
      const set = politeness === 'polite' ? setPolite : setAssertive;
      // The same words twice are a change too: a no-break space makes them differ.
      set((before) => (before === message ? `${message}\u00a0` : message));
    }
    const hasSaid = waiting.current.size > 0;
    waiting.current.clear();
    timer.current = hasSaid ? setTimeout(sayWaiting, PAUSE_MS) : undefined;
  }, []);

  const announce = useCallback<Announce>(
    (message, politeness = 'polite') => {
      const before = waiting.current.get(politeness) ?? [];
      const others = before.filter((each) => each !== message);
      waiting.current.set(politeness, [...others, message].slice(-MOST_TOGETHER));
      timer.current ??= setTimeout(say, 20);
    },
    [say],
  );

  useEffect(() => () => clearTimeout(timer.current), []);

  return (
    <AnnounceContext.Provider value={announce}>
      {children}
      <Box role="status" aria-live="polite" sx={visuallyHidden}>
        {polite}
      </Box>
      <Box role="alert" aria-live="assertive" sx={visuallyHidden}>
        {assertive}
      </Box>
    </AnnounceContext.Provider>
  );
}
