// For features that do something to seats: acts on one and on many, scenes.

export { ActRequests, type CommandName, isImmediateName } from '../commands/act-requests.js';
export { type BatchItem, type BatchResult, OperationRunner } from '../commands/operation-runner.js';
export type { ActBody, Command, ImmediateAct } from '../commands/requests.js';
export {
  type DifferingSeat,
  type SceneResult,
  SceneSeats,
  type SceneTarget,
} from '../commands/scene-seats.js';
export { SeatsService } from '../commands/seats.service.js';
