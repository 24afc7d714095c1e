import { ConnectionError, ConnectionErrorReason, DisconnectReason } from 'livekit-client';

/** Why one is not in the room, as exactly as LiveKit says. */
export type EndingKind =
  | 'left'
  | 'removed'
  | 'room_ended'
  | 'other_window'
  | 'server_stopped'
  | 'connection_lost'
  | 'token_expired'
  | 'refused'
  | 'room_missing'
  | 'full_or_fault'
  | 'timed_out'
  | 'unreachable';

export interface Ending {
  kind: EndingKind;
  /** The server's own words, when it gave any. */
  detail: string | null;
  canRetry: boolean;
}

const BY_DISCONNECT: Partial<Record<DisconnectReason, EndingKind>> = {
  [DisconnectReason.CLIENT_INITIATED]: 'left',
  [DisconnectReason.PARTICIPANT_REMOVED]: 'removed',
  [DisconnectReason.ROOM_DELETED]: 'room_ended',
  [DisconnectReason.ROOM_CLOSED]: 'room_ended',
  [DisconnectReason.DUPLICATE_IDENTITY]: 'other_window',
  [DisconnectReason.SERVER_SHUTDOWN]: 'server_stopped',
  [DisconnectReason.JOIN_FAILURE]: 'timed_out',
};

export function endingOfDisconnect(reason: DisconnectReason | undefined): Ending {
  const kind = (reason !== undefined && BY_DISCONNECT[reason]) || 'connection_lost';
  return { kind, detail: null, canRetry: kind !== 'room_ended' };
}

/** Reads a plain text or problem+json body as one sentence. */
export function wordsOf(body: string | undefined): string | null {
  // What livekit-client puts before the words of the server.
  const text = body?.trim().replace(/^could not establish signal connection:\s*/i, '');
  if (!text) return null;
  if (!text.startsWith('{')) return text;
  try {
    const problem = JSON.parse(text) as { detail?: string; title?: string };
    return problem.detail ?? problem.title ?? null;
  } catch {
    return null;
  }
}

/**
 * LiveKit is vague where it matters: somebody removed at the join hears only a time-out after
 * 15 seconds, and a full room looks like any other fault.
 */
export function endingOfError(error: unknown, isTokenExpired: boolean): Ending {
  if (!(error instanceof ConnectionError)) {
    return { kind: 'connection_lost', detail: messageOf(error), canRetry: true };
  }
  const detail = wordsOf(error.message);
  const kind = kindOfError(error, isTokenExpired);
  if (kind === 'refused') {
    // An old LiveKit repeats the whole token in its refusal; that is never shown.
    return { kind, detail: detail?.includes('eyJ') ? null : detail, canRetry: true };
  }
  return {
    kind,
    detail: kind === 'full_or_fault' ? detail : null,
    canRetry: kind !== 'token_expired',
  };
}

function kindOfError(error: ConnectionError, isTokenExpired: boolean): EndingKind {
  switch (error.reason) {
    case ConnectionErrorReason.NotAllowed:
      if (error.status === 404) return 'room_missing';
      return error.status === 401 && isTokenExpired ? 'token_expired' : 'refused';
    case ConnectionErrorReason.LeaveRequest:
      return endingOfDisconnect(error.context as DisconnectReason | undefined).kind;
    case ConnectionErrorReason.ServerUnreachable:
      return 'unreachable';
    case ConnectionErrorReason.Cancelled:
      return 'left';
    case ConnectionErrorReason.Timeout:
      return 'timed_out';
    case ConnectionErrorReason.InternalError:
      // LiveKit accepted and then nothing came: the media connection stays unanswered.
      return /could not establish|timed? ?out/i.test(error.message) ? 'timed_out' : 'full_or_fault';
    default:
      return 'full_or_fault';
  }
}

function messageOf(error: unknown): string | null {
  return error instanceof Error ? error.message : null;
}
