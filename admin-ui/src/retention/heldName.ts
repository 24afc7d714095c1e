import { useTranslate } from 'react-admin';
import type { LegalHold } from '@rolecall/server/api';

/** Who or what is held, as people call it. */
export function useHeldName() {
  const translate = useTranslate();
  return ({ name, label }: LegalHold): string =>
    label ?? name ?? translate('retention.holds.erased');
}
