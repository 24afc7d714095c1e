export const LIVEKIT_VERSION: string;

/** On the PATH, else kept in `home`/bin, else (with `build`) built with Go and kept there, else null. */
export function findLiveKitServer(options: {
  home: string;
  build?: boolean;
  /** Told, in a sentence, why there is none. */
  log?: (line: string) => void;
  onProgress?: (text: string) => void;
}): Promise<string | null>;

export function findOnPath(name: string, path?: string): string | null;
export function liveKitVersion(bin: string): string | null;

export interface LiveKitHandle {
  readonly http: number;
  readonly udp: number;
  readonly key: string;
  readonly secret: string;
  readonly logFile: string;
  readonly httpUrl: string;
  readonly wsUrl: string;
  /** Null while it is down. */
  readonly pid: number | null;
  readonly isRunning: boolean;
  stop(): Promise<void>;
  kill9(): Promise<void>;
  /** Stops it if it runs, and starts it again on the same ports; its rooms are gone then. */
  restart(): Promise<void>;
}

export function startLiveKit(options: {
  bin: string;
  /** Keeps its configuration and its log. */
  dir: string;
  key: string;
  /** At least 32 characters. */
  secret: string;
  webhookUrl?: string | string[];
  /** Preferred; another one is taken while it is in use. */
  port?: number;
  udpPort?: number;
  /** Seconds. */
  emptyTimeout?: number;
  /** Seconds. */
  departureTimeout?: number;
  isRemoteUnmuteOn?: boolean;
  logLevel?: 'debug' | 'info' | 'warn' | 'error';
  onSpawn?: (pid: number) => void;
  /** Called when the server ends without having been asked to. */
  onExit?: (end: { code: number | null; signal: NodeJS.Signals | null }) => void;
}): Promise<LiveKitHandle>;
