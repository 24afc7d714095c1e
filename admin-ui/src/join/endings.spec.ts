import { describe, expect, it } from '@jest/globals';
import { ConnectionError, DisconnectReason } from 'livekit-client';
import { endingOfDisconnect, endingOfError, wordsOf } from './endings';

describe('why one is not in the room', () => {
  it.each([
    [DisconnectReason.PARTICIPANT_REMOVED, 'removed'],
    [DisconnectReason.DUPLICATE_IDENTITY, 'other_window'],
    [DisconnectReason.ROOM_DELETED, 'room_ended'],
    [DisconnectReason.STATE_MISMATCH, 'connection_lost'],
    [undefined, 'connection_lost'],
  ])('reads LiveKit’s reason %s as %s', (reason, kind) => {
    expect(endingOfDisconnect(reason).kind).toBe(kind);
  });

  it('takes an unanswered media connection for a removal at the door', () => {
    const error = ConnectionError.internal('could not establish pc connection');
    expect(endingOfError(error, false).kind).toBe('timed_out');
  });

  it('takes a socket that closes for a full room or a fault', () => {
    expect(endingOfError(ConnectionError.websocket('closed'), false).kind).toBe('full_or_fault');
  });

  it('passes on the words of the gate, also out of a problem document', () => {
    const body = JSON.stringify({ status: 403, detail: 'Blocked until 18:00 by Kim' });
    expect(endingOfError(ConnectionError.notAllowed(body, 403), false)).toMatchObject({
      kind: 'refused',
      detail: 'Blocked until 18:00 by Kim',
    });
    expect(wordsOf('could not establish signal connection: You are blocked.')).toBe(
      'You are blocked.',
    );
  });

  it('never shows a refusal that repeats the token', () => {
    const error = ConnectionError.notAllowed('invalid token: eyJhbGciOi', 401);
    expect(endingOfError(error, false).detail).toBeNull();
  });

  it('knows an expired token from a wrong one', () => {
    const error = ConnectionError.notAllowed('invalid token', 401);
    expect(endingOfError(error, true)).toMatchObject({ kind: 'token_expired', canRetry: false });
    expect(endingOfError(error, false).kind).toBe('refused');
  });
});
