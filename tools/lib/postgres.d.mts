export interface PostgresHandle {
  readonly port: number;
  /** Of the postmaster; null while it is down. */
  readonly pid: number | null;
  readonly isRunning: boolean;
  url(user: string, password: string, database?: string): string;
  readonly superuserUrl: string;
  /** Fast shutdown. */
  stop(options?: { graceMs?: number }): Promise<void>;
  /** SIGKILL to the postmaster. */
  kill9(): Promise<void>;
  /** Stops it if it runs, and starts it again on the same port and data. */
  restart(): Promise<void>;
}

export function startPostgres(options: {
  dataDir: string;
  /** Preferred; another one is taken while it is in use. */
  port?: number;
  /** With `owner` and `app` the two roles and the database `rolecall` are made. */
  passwords?: { superuser?: string; owner?: string; app?: string };
  /** false: no fsync, for data that is thrown away. */
  durable?: boolean;
  /** For the server, beside its own. */
  environment?: Record<string, string>;
  log?: (line: string) => void;
  logFile?: string;
  onSpawn?: (pid: number) => void;
  /** Called when the server ends without having been asked to. */
  onExit?: (end: { code: number | null; signal: NodeJS.Signals | null }) => void;
}): Promise<PostgresHandle>;
