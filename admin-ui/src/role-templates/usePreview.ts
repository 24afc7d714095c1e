import { useEffect, useState } from 'react';
import { postJson } from '../api/httpClient';
import { contentBody, type TemplateContent } from './templateApi';
import type { TemplatePreview } from '@rolecall/server/api';

export interface Preview {
  /** The last one that could be made, also while a newer one is on its way or failed. */
  answer: TemplatePreview | null;
  error: unknown;
  /** It is of what is in the editor now. */
  isFresh: boolean;
  retry: () => void;
}

const DEBOUNCE_MS = 150;

/** The server makes it, by the code that issues tokens. */
export function usePreview(content: TemplateContent, room: string, identity: string): Preview {
  const body = JSON.stringify({
    ...contentBody(content),
    ...(room && { room }),
    ...(identity && { identity }),
  });
  const [state, setState] = useState<{
    of: string;
    answer: TemplatePreview | null;
    error: unknown;
  }>({
    of: '',
    answer: null,
    error: null,
  });
  const [round, setRound] = useState(0);

  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      postJson<TemplatePreview>('/role-templates/preview', JSON.parse(body), {
        signal: abort.signal,
      })
        .then((answer) => setState({ of: body, answer, error: null }))
        .catch((error: unknown) => {
          if (!abort.signal.aborted) setState((before) => ({ ...before, of: body, error }));
        });
    }, DEBOUNCE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [body, round]);

  return {
    answer: state.answer,
    error: state.error,
    isFresh: state.of === body && state.error === null,
    retry: () => setRound((before) => before + 1),
  };
}
