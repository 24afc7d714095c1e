export interface ProcessRecord {
  pid: number;
  /** Tells it from a later process of the same number; null when there is none. */
  start: string | null;
}

export function describeProcess(pid: number): ProcessRecord;
/** Stops a process until it gets SIGCONT, and returns when all its threads stand still. */
export function freezeProcess(pid: number): void;
/** A zombie counts as gone. */
export function isRunning(record: ProcessRecord | null | undefined): boolean;
export function parentOf(pid: number): { ppid: number; command: string } | null;
