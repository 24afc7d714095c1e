import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** Where a start keeps its data: `ROLECALL_HOME`, else `.rolecall` in the checkout. */
export function homeFolder(environment = process.env) {
  return resolve(ROOT, environment.ROLECALL_HOME || '.rolecall');
}

/** What belongs to the checkout rather than to one instance. */
export const WORKSHOP = join(ROOT, 'node_modules', '.rolecall');
