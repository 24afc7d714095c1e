import type { OwnStage } from '@rolecall/server/api';

export type StageAction = 'raise' | 'lower' | 'accept' | 'decline' | 'step-down' | 'unmute-answer';

export interface StageAnswer {
  status: number;
  stage: OwnStage | null;
  /** Milliseconds that the server's clock is ahead of ours. */
  ahead: number;
  problem: { code: string; detail: string } | null;
  /** Seconds after which asking again makes sense. */
  retryAfter: number | null;
}

const TIMEOUT_MS = 10_000;

/** Asks about oneself, or does something for oneself. Only the token says who that is. */
export async function callStage(
  room: string,
  token: string,
  action: StageAction | null,
  body: object = {},
): Promise<StageAnswer> {
  const path = `/api/v1/rooms/${encodeURIComponent(room)}/stage/me`;
  const response = await fetch(action ? `${path}/${action}` : path, {
    method: action ? 'POST' : 'GET',
    headers: {
      // Not `Authorization`: a proxy in front that asks for a password needs that for itself.
      'x-rolecall-token': token,
      ...(action ? { 'content-type': 'application/json' } : {}),
    },
    body: action ? JSON.stringify(body) : null,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer: unknown = await response.json().catch(() => null);
  const problem = (answer ?? {}) as { code?: string; detail?: string };
  const date = Date.parse(response.headers.get('date') ?? '');
  return {
    status: response.status,
    stage: response.ok ? (answer as OwnStage) : null,
    ahead: Number.isNaN(date) ? 0 : date - Date.now(),
    problem: response.ok
      ? null
      : { code: problem.code ?? '', detail: problem.detail ?? `HTTP ${response.status}` },
    retryAfter: Number(response.headers.get('retry-after')) || null,
  };
}
