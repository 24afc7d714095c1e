import { useEffect, useState } from 'react';
import { postJson } from '../api/httpClient';
import { isAskable, tokenBody, type TokenForm } from './tokenRequest';
import type { TokenPreview } from '@rolecall/server/api';

interface State {
  of: string;
  answer: TokenPreview | null;
  error: unknown;
}

const DEBOUNCE_MS = 200;
const NOTHING: State = { of: '', answer: null, error: null };

/** What the server would sign, read while the form is filled in. Nothing is signed. */
export function useTokenPreview(form: TokenForm, isAllowed: boolean): State {
  const body = isAllowed && isAskable(form) ? JSON.stringify(tokenBody(form)) : '';
  const [state, setState] = useState<State>(NOTHING);
  useEffect(() => {
    if (body === '') return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      postJson<TokenPreview>('/tokens/preview', JSON.parse(body), { signal: abort.signal })
        .then((answer) => setState({ of: body, answer, error: null }))
        .catch((error: unknown) => {
          if (!abort.signal.aborted) setState({ of: body, answer: null, error });
        });
    }, DEBOUNCE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [body]);
  return body === '' ? NOTHING : state;
}
