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
    /** Null: LiveKit does not answer, or does not tell. */
    version: z.string().nullable(),
    /** What later releases mended; null: the version is not known, or is no release. */
    knownHoles: z
      .array(z.object({ id: z.string(), fixedIn: z.string(), text: z.string() }))
      .nullable(),
    /** Null: npm start is not installing LiveKit. */
    install: z
      .object({
        state: z.enum(['installing', 'failed']),
        version: z.string(),
        /** What is done now, or every way that was tried with its cause. */
        text: z.string(),
        percent: z.number().nullable().optional(),
        hint: z.string().nullable().optional(),
        since: z.string(),
        retryAt: z.string().optional(),
      })
      .nullable(),
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
  /** Whether LiveKit's signalling can be reached past the gate, as far as this server can tell. */
  gateCheck: z.object({
    state: z.enum(['closed', 'open', 'unknown']),
    code: z.enum(['no_livekit', 'told', 'listens', 'loopback', 'elsewhere']),
    detail: z.string(),
    /** Where a browser would reach LiveKit; null when only the server's own machine could. */
    browserUrl: z.string().nullable(),
    checkedAt: z.date(),
  }),
  /** Its parts are null on a server that leaves the sweep to another one. */
  sweep: z.object({
    lastAt: z.string().nullable(),
    ms: z.number().nullable(),
    round: z
      .object({
        rooms: z.int(),
        looked: z.int(),
        people: z.int(),
        drifted: z.int(),
        unsettled: z.int(),
      })
      .nullable(),
  }),
  tokenTtl: z.number(),
  tokenTtlMax: z.number(),
  demo: z.object({ isPresent: z.boolean() }),
});
