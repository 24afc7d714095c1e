// For features that follow LiveKit: what it reports, and what has to be repaired.

export { SessionEnd } from '../commands/session-end.js';
export { type KnownRooms, Observations, type ProgramOrigins } from '../observation/observations.js';
export { SeatChecks } from '../repair/seat-checks.js';
