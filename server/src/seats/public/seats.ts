// Seats and operations, to read and to show.

export type { OperationEnd, Seat, SeatOperation, TrackEvent } from '../model/seat.js';
export { KeptSeats } from '../store/kept-seats.js';
export { OperationReader } from '../store/operation-reader.js';
export { SeatReader, type SeatSession } from '../store/seat-reader.js';
export { operationNotFound, SeatViews, toOperationView } from '../views/seat-views.js';
