export const LIVEKIT_VERSION: string;
export const LIVEKIT_IMAGE: string;

export interface LiveKitArchive {
  readonly name?: string;
  readonly url: string;
  readonly sha256: string;
  readonly bytes?: number;
}

export interface DownloadProgress {
  readonly received: number;
  readonly total: number | null;
  /** The connection was lost; the next one comes soon. */
  readonly isWaiting: boolean;
}

/** Throws when there is no archive for this machine, or none with a known sum. */
export function releaseArchive(options?: {
  source?: string | undefined;
  sha256?: string | undefined;
  machine?: string;
}): LiveKitArchive;

/** Puts the livekit-server of the archive at `target`; throws why it cannot. */
export function installRelease(
  target: string,
  options: {
    archive: LiveKitArchive;
    onProgress?: (at: DownloadProgress) => void;
    signal?: AbortSignal;
    /** Without a byte for so long, a connection is given up. */
    silenceMs?: number;
    /** Before each further try. */
    pausesMs?: readonly number[];
    needs?: number;
    proxyEnvironment?: Readonly<Record<string, string | undefined>>;
  },
): Promise<string>;
