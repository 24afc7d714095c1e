import { useCallback } from 'react';
import { useTranslate } from 'react-admin';
import { ProblemError } from '../api/httpClient';

/** One plain sentence for any failure: what happened and what to do about it. */
export function useErrorText() {
  const translate = useTranslate();
  return useCallback(
    (error: unknown): string => {
      if (!(error instanceof ProblemError)) {
        const message = error instanceof Error ? error.message : '';
        return translate(message || 'app.error.unknown', { _: message || undefined });
      }
      if (error.status === 0) return translate('app.error.unreachable');
      if (error.status === 403 && typeof error.body.permission === 'string') {
        return translate('app.error.missing_permission', { permission: error.body.permission });
      }
      if (error.status === 429) {
        const text =
          error.code === 'auth.too_many_attempts' ? 'app.sign_in.too_many' : 'app.error.too_many';
        return translate(text, { smart_count: error.retryAfter ?? 10 });
      }
      return translate(error.message, { _: error.message });
    },
    [translate],
  );
}
