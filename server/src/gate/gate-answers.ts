import type { Takeover } from '../proofs/participant-proofs.js';
import type { GateTarget } from './gate-paths.js';

export interface ConnectRequest {
  readonly target: GateTarget;
  readonly authorization: string | undefined;
  readonly ip: string;
  readonly requestId: string;
  /** The caller joins the sockets, and says with `takesOver` or `withdraw` what came of it. */
  readonly isJoinedHere?: boolean;
}

export interface GateAdmission {
  readonly status: 200;
  /** What goes on to LiveKit; null for a probe, which gets none. */
  readonly token: string | null;
  /** What LiveKit is asked for. */
  readonly target: GateTarget;
  /** LiveKit will say that it has no such connection: then its clients connect afresh. */
  readonly isResumeRefused: boolean;
  readonly room: string;
  /** They must not connect before; a second at most. */
  readonly notBefore: Date | null;
  /** Says which decision a connection came by. */
  readonly takeover: Takeover;
}

export interface GateRefusal {
  readonly status: 401 | 403 | 404 | 503;
  readonly code: string;
  /** For the participant: reveals nothing that they may not know. */
  readonly text: string;
}

export type GateAnswer = GateAdmission | GateRefusal;

export const PATH_CLOSED: GateRefusal = {
  status: 404,
  code: 'gate.path_closed',
  text: 'There is nothing here.',
};
/** In LiveKit's words, which its clients know. */
export const NOT_RUNNING: GateRefusal = {
  status: 404,
  code: 'gate.room_not_running',
  text: 'requested room does not exist',
};
export const NOTHING_TO_PUBLISH: GateRefusal = {
  status: 403,
  code: 'gate.nothing_to_publish',
  text: 'You may publish neither camera nor microphone in this room now.',
};
export const OTHER_CONNECTION: GateRefusal = {
  status: 503,
  code: 'gate.other_connection',
  text: 'Another connection of yours came up. Try again.',
};
export const NO_SESSION: GateRefusal = {
  status: 404,
  code: 'gate.no_such_session',
  text: 'You have no such session.',
};
export const BUSY: GateRefusal = {
  status: 503,
  code: 'gate.busy',
  text: 'Too many connects. Try again.',
};
export const SLOW: GateRefusal = {
  status: 503,
  code: 'gate.slow',
  text: 'Rolecall cannot decide now. Try again.',
};
