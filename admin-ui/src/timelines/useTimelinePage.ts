import { useMemo, useState } from 'react';
import { useLocale, useTranslate } from 'react-admin';
import { useZone } from '../ledger/zone';
import { useNow } from '../shared/TimeText';
import type { Bar } from './chart/layout';
import type { LaneWords } from './laneWords';
import { useSpan, wholeOf } from './useSpan';
import { useTimeline } from './useTimeline';

interface Answer {
  readonly from: string;
  readonly to: string;
}

/** What the pages of a person, a room and an operator share: the time, its answer, and what is chosen of it. */
export function useTimelinePage<T extends Answer>(route: string) {
  const translate = useTranslate();
  const locale = useLocale();
  const zone = useZone();
  const span = useSpan();
  const tick = useNow().getTime();
  const [chosen, setChosen] = useState<Bar | null>(null);
  const { data, error, refetch } = useTimeline<T>(route, span);
  const { at, setAt, isUntilNow } = span;
  const now = Math.max(tick, data ? Date.parse(data.to) : 0);
  const words: LaneWords = useMemo(
    () => ({ translate, format: zone.format, locale, now }),
    [translate, zone.format, locale, now],
  );
  return {
    data,
    at,
    setAt,
    isUntilNow,
    now,
    /** The moment that the page is as of. */
    moment: at ?? now,
    words,
    zone,
    chosen,
    setChosen,
    frame: { span, zone, error, onRetry: () => void refetch() },
    picture: data && {
      whole: wholeOf(data, isUntilNow),
      now,
      at,
      onAt: setAt,
      chosen: chosen?.id ?? null,
      zone,
    },
    acts: data && {
      whole: { from: Date.parse(data.from), to: isUntilNow ? now : Date.parse(data.to) },
      zone,
    },
  };
}
