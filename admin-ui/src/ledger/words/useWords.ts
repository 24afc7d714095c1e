import { useMemo } from 'react';
import { useTranslate } from 'react-admin';
import { useTemplates } from '../../shared/useTemplates';
import type { Words } from './sentence';

/** How to put entries into words, with the names and colours of roles. */
export function useWords() {
  const translate = useTranslate();
  const { byKey } = useTemplates();
  return useMemo(() => {
    const words: Words = { translate, templateName: (key) => byKey.get(key)?.name };
    return { words, colorOf: (key: string) => byKey.get(key)?.color };
  }, [translate, byKey]);
}

export type LogWords = ReturnType<typeof useWords>;
