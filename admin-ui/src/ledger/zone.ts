import { useCallback, useMemo } from 'react';
import { useLocale, useStore } from 'react-admin';

export type Zone = 'local' | 'utc';

const OWN_ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Formatters are dear to make: a list that scrolls needs the same few again and again. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(locale: string, zone: Zone, options: Intl.DateTimeFormatOptions, name: string) {
  const key = `${locale} ${zone} ${name}`;
  let made = formatters.get(key);
  if (!made) {
    const timeZone = zone === 'utc' ? 'UTC' : undefined;
    made = new Intl.DateTimeFormat(locale, { ...options, timeZone });
    formatters.set(key, made);
  }
  return made;
}

const SECONDS = {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
} as const satisfies Intl.DateTimeFormatOptions;

const SHAPES = {
  clock: SECONDS,
  minute: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  exact: { ...SECONDS, fractionalSecondDigits: 3 },
  day: { weekday: 'short', day: 'numeric', month: 'short' },
  date: { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' },
  dayAndMinute: {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  },
  whole: { day: 'numeric', month: 'short', year: 'numeric', ...SECONDS },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

export type TimeShape = keyof typeof SHAPES;

export const timeIn = (at: string | number, shape: TimeShape, locale: string, zone: Zone) =>
  formatter(locale, zone, SHAPES[shape], shape).format(new Date(at));

/** "Berlin" for Europe/Berlin: what people call it. */
export const placeOf = (zone: Zone) =>
  zone === 'utc' ? 'UTC' : (OWN_ZONE.split('/').at(-1) ?? OWN_ZONE).replaceAll('_', ' ');

/** The IANA name of the zone, for the server. */
export const ianaOf = (zone: Zone) => (zone === 'utc' ? 'UTC' : OWN_ZONE);

/** In whose time an auditor reads: their own, or UTC. Kept for the next visit. */
export function useZone() {
  const locale = useLocale();
  const [stored, setStored] = useStore<Zone>('times.zone', 'local');
  const zone: Zone = stored === 'utc' ? 'utc' : 'local';
  const toggle = useCallback(() => setStored(zone === 'utc' ? 'local' : 'utc'), [setStored, zone]);
  const format = useCallback(
    (at: string | number, shape: TimeShape) => timeIn(at, shape, locale, zone),
    [locale, zone],
  );
  return useMemo(
    () => ({ zone, toggle, format, place: placeOf(zone), isOwnUtc: OWN_ZONE === 'UTC' }),
    [zone, toggle, format],
  );
}
