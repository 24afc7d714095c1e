import { useCallback } from 'react';
import { useTranslate } from 'react-admin';
import { ProblemError } from '../api/httpClient';
import { useErrorText } from '../shared/useErrorText';

export function useSignInErrorText() {
  const translate = useTranslate();
  const errorText = useErrorText();
  return useCallback(
    (error: unknown) => {
      if (error instanceof ProblemError && error.status === 401) {
        return translate('app.sign_in.wrong');
      }
      return errorText(error);
    },
    [translate, errorText],
  );
}
