// For features that make tokens, check them or make them worthless.

export { SeatTokens } from '../commands/seat-tokens.js';
export { type Admission, AdmissionStore } from '../store/admission-store.js';
export { DeletedRoomStore } from '../store/deleted-room-store.js';
