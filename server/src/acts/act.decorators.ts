import { RequirePermission } from '../actor/access.decorators.js';
import { type ActName, ACTS } from './acts.js';

/** The route of an act: needs its permission in the room that the path names. */
export const ForAct = (name: ActName) => RequirePermission(ACTS[name].permission, { room: 'room' });
