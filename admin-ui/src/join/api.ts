import type { Explanation, IssuedToken, Me, SystemStatus } from '@rolecall/server/api';
import type { JoinTicket } from './joinTicket';

/** The little of Rolecall's API that this page uses, when somebody is signed in. */
export interface Issuer {
  serverUrl: string | null;
  canIssue: boolean;
}

export class ApiProblem extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly because: string[],
    readonly errors: Record<string, string>,
  ) {
    super(message);
  }
}

interface ProblemBody {
  title?: string;
  detail?: string;
  errors?: Record<string, string>;
  because?: { text?: string }[];
}

async function call<Answer>(path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(path, { credentials: 'same-origin', ...init });
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body as Answer;
  const problem = (body ?? {}) as ProblemBody;
  throw new ApiProblem(
    problem.detail ?? problem.title ?? `HTTP ${response.status}`,
    response.status,
    (problem.because ?? []).map((each) => each.text ?? '').filter(Boolean),
    problem.errors ?? {},
  );
}

let issuer: Promise<Issuer | null> | undefined;

/** What the signed-in operator may do here; null when nobody is signed in. Asked once. */
export function findIssuer(): Promise<Issuer | null> {
  issuer ??= readIssuer();
  return issuer;
}

async function readIssuer(): Promise<Issuer | null> {
  try {
    const me = await call<Me>('/api/v1/me');
    const status = await call<SystemStatus>('/api/v1/status').catch(() => null);
    return {
      canIssue: me.permissions.includes('token.issue'),
      serverUrl: status?.livekit.clientUrl ?? null,
    };
  } catch {
    return null;
  }
}

export async function issueTicket(request: {
  room: string;
  identity: string;
  name?: string;
}): Promise<JoinTicket> {
  const issued = await call<IssuedToken>('/api/v1/tokens', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': newKey() },
    body: JSON.stringify({ ...request, createRoom: true, createUser: true }),
  });
  const { token, serverUrl, identity, template, version } = issued;
  return { token, serverUrl, identity, room: request.room, template, version };
}

/**
 * Another token for the same seat, issued by the operator who is signed in
 * here. Null when nobody is; then a new one has to be pasted.
 */
export async function renewTicket({ room, identity }: JoinTicket): Promise<string | null> {
  if (!(await findIssuer())?.canIssue) return null;
  return (await issueTicket({ room, identity })).token;
}

/** `crypto.randomUUID` exists in secure contexts only. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join(
    '',
  );
}

/**
 * Why a person is not let in. LiveKit only closes the door; the gate in front of it and, for
 * somebody who is signed in, Rolecall itself can say more.
 */
export async function askWhy(ticket: JoinTicket): Promise<string | null> {
  return (await askGate(ticket)) ?? (await askRolecall(ticket));
}

async function askGate(ticket: JoinTicket): Promise<string | null> {
  try {
    const url = new URL('/rtc/validate', ticket.serverUrl.replace(/^ws/, 'http'));
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${ticket.token}` },
      signal: AbortSignal.timeout(3000),
    });
    if (response.status !== 403) return null;
    const body = await response.text();
    const problem = body.startsWith('{') ? (JSON.parse(body) as ProblemBody) : { detail: body };
    return problem.detail ?? problem.title ?? null;
  } catch {
    return null;
  }
}

async function askRolecall(ticket: JoinTicket): Promise<string | null> {
  if (!(await findIssuer())) return null;
  const query = new URLSearchParams({ room: ticket.room, identity: ticket.identity });
  try {
    const decision = await call<Explanation>(`/api/v1/explain?${query}`);
    if (decision.verdict === 'allow') return null;
    return decision.because.find((each) => each.outcome === 'wins')?.text ?? null;
  } catch {
    return null;
  }
}
