import { useEffect, useState, useSyncExternalStore } from 'react';
import { useLocale } from 'react-admin';
import Tooltip from '@mui/material/Tooltip';
import { absoluteTime, relativeTime } from './time';

let now = new Date();
const listeners = new Set<() => void>();
let clock: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void) {
  listeners.add(listener);
  clock ??= setInterval(() => {
    now = new Date();
    for (const each of listeners) each();
  }, 10_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(clock);
    clock = undefined;
  };
}

/** One clock for all relative times on the page. */
export const useNow = () => useSyncExternalStore(subscribe, () => now);

export interface TimeTextProps {
  at: string | Date | null | undefined;
  /** What to show when there is no time. */
  empty?: string;
  /** `absolute` shows the moment and keeps "3 minutes ago" for the tooltip. */
  format?: 'relative' | 'absolute';
}

/** "3 minutes ago", with the exact moment here and in UTC on hover and on focus. */
export function TimeText({ at, empty = '–', format = 'relative' }: TimeTextProps) {
  const locale = useLocale();
  const tick = useNow();
  const [mountedAt] = useState(() => new Date());
  useEffect(() => {
    if (mountedAt > now) now = mountedAt;
  }, [mountedAt]);
  if (!at) return <span>{empty}</span>;
  const date = new Date(at);
  const relative = relativeTime(date, tick > mountedAt ? tick : mountedAt, locale);
  const absolute = absoluteTime(date, locale);
  return (
    <Tooltip
      title={
        <>
          <span>{format === 'relative' ? absolute : relative}</span>
          <br />
          <span>{absoluteTime(date, locale, 'UTC')}</span>
        </>
      }
    >
      <time dateTime={date.toISOString()}>{format === 'relative' ? relative : absolute}</time>
    </Tooltip>
  );
}
