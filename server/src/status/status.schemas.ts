import { z } from 'zod';

export const statusResponse = z.object({
  version: z.string(),
  startedAt: z.date(),
  livekit: z.object({
    state: z.enum(['up', 'down', 'absent']),
    since: z.date(),
    detail: z.string().optional(),
    /** Null: no LiveKit server is configured. */
    url: z.string().nullable(),
    clientUrl: z.string(),
    /** `room.enable_remote_unmute`; unknown until somebody who publishes once is in a room. */
    remoteUnmute: z.enum(['on', 'off', 'unknown']),
  }),
  gate: z.enum(['on', 'off']),
  whip: z.enum(['on', 'off']),
  /** Milliseconds that a clock is ahead of Postgres', which decides; null: not known. */
  clocks: z.object({
    serverSkewMs: z.number().nullable(),
    livekitSkewMs: z.number().nullable(),
    isOff: z.boolean(),
  }),
  gateCheck: z.looseObject({ state: z.enum(['closed', 'open', 'unknown']), detail: z.string() }),
  /** Its parts are null on a server that leaves the sweep to another one. */
  sweep: z.looseObject({ lastAt: z.string().nullable(), ms: z.number().nullable() }),
  tokenTtl: z.number(),
  tokenTtlMax: z.number(),
  demo: z.object({ isPresent: z.boolean() }),
});
