import { useLocale, useTranslate } from 'react-admin';

/** "1,200 entries", and the bare number. */
export function useCounts() {
  const locale = useLocale();
  const translate = useTranslate();
  const number = (count: number) => new Intl.NumberFormat(locale).format(count);
  return {
    number,
    entries: (count: number) =>
      translate('integrity.entries', { smart_count: count, count: number(count) }),
  };
}
