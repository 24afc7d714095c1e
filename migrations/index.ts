import { CreateRolecall1795226400000 } from './1795226400000-CreateRolecall.js';

/** Every migration, oldest first. One that has landed is never edited. */
export const migrations = [CreateRolecall1795226400000];
