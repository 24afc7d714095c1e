/** Lets calls to LiveKit out at a pace: runs `call` when it may go. */
export type CallLimiter = <T>(call: () => Promise<T>) => Promise<T>;
