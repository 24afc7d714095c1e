import { z } from 'zod';
import { openAlarmsResponse } from '../alarms/alarms.schemas.js';
import { LEDGER_PROBLEMS } from '../ledger/sealing/ledger-health.js';
import { SEALING_STATES } from '../ledger/sealing/ledger-sealing.js';
import { streamResponse } from '../ledger/stream/stream.schemas.js';
import { quorumResponse, witnessResponse } from '../ledger/witness/witness.schemas.js';
import { LIVEKIT_PROBLEMS } from '../livekit/livekit-problem.js';

const serviceState = (what: string) =>
  z
    .enum(['on', 'off', 'unknown'])
    .describe(
      `Whether LiveKit has the service for ${what}; \`off\`: it does not, as without Redis.`,
    );

export const statusResponse = z.object({
  version: z.string().describe('The version of Rolecall.'),
  startedAt: z.date().describe('When this server started. ISO 8601.'),
  livekit: z
    .object({
      state: z
        .enum(['up', 'down', 'absent'])
        .describe('`absent`: no LiveKit server is configured.'),
      since: z.date().describe('Since when it is in this state. ISO 8601.'),
      problem: z
        .enum(LIVEKIT_PROBLEMS)
        .optional()
        .describe('Why it is down; stable, for programs. Left out while it is not known.'),
      detail: z.string().optional().describe('What went wrong; left out: nothing.'),
      url: z
        .string()
        .nullable()
        .describe('The address that Rolecall calls; null: no LiveKit server is configured.'),
      clientUrl: z.string().describe('The address that clients are told.'),
      version: z
        .string()
        .nullable()
        .describe('The version that runs; null: LiveKit does not answer, or does not tell.'),
      knownHoles: z
        .array(
          z.object({
            id: z.string().describe('The id of the advisory.'),
            fixedIn: z.string().describe('The release that mended it.'),
            text: z.string().describe('What it allows, as a sentence.'),
          }),
        )
        .nullable()
        .describe('What later releases mended; null: the version is not known, or is no release.'),
      install: z
        .object({
          state: z.enum(['installing', 'failed']).describe('Whether it is still under way.'),
          version: z.string().describe('The version that is installed.'),
          text: z
            .string()
            .describe('What is done now, or every way that was tried with its cause.'),
          percent: z.number().nullable().optional().describe('How much of the download is here.'),
          hint: z.string().nullable().optional().describe('What to do.'),
          since: z.string().describe('Since when it is in this state. ISO 8601.'),
          retryAt: z.string().optional().describe('When it is tried again. ISO 8601.'),
        })
        .nullable()
        .describe('How `npm start` gets on with installing LiveKit; null: it does not.'),
      remoteUnmute: z
        .enum(['on', 'off', 'unknown'])
        .describe(
          'LiveKit’s `room.enable_remote_unmute`; unknown until a program that publishes only once is in a room.',
        ),
    })
    .describe('The LiveKit server, as this server sees it.'),
  gate: z
    .enum(['on', 'off'])
    .describe('Whether this server passes LiveKit’s signalling and decides every connect.'),
  whip: z.enum(['on', 'off']).describe('Whether the gate passes WHIP.'),
  clocks: z
    .object({
      serverSkewMs: z
        .number()
        .nullable()
        .describe('Milliseconds that this server is ahead; null: not known.'),
      livekitSkewMs: z
        .number()
        .nullable()
        .describe('Milliseconds that LiveKit is ahead; null: not known.'),
      isOff: z.boolean().describe('A clock differs so much that tokens may be refused.'),
    })
    .describe('How far the clocks differ from that of Postgres, which decides.'),
  gateCheck: z
    .object({
      state: z.enum(['closed', 'open', 'unknown']).describe('`closed`: they cannot.'),
      code: z
        .enum(['no_livekit', 'told', 'listens', 'loopback', 'elsewhere'])
        .describe('The finding; stable, for programs.'),
      detail: z.string().describe('What was found, as a sentence.'),
      browserUrl: z
        .string()
        .nullable()
        .describe(
          'Where a browser would reach LiveKit; null: only the machine of the server could.',
        ),
      checkedAt: z.date().describe('When it was checked. ISO 8601.'),
    })
    .describe(
      'Whether clients can reach LiveKit directly, without the gate, as far as this server can tell.',
    ),
  sweep: z
    .object({
      lastAt: z.string().nullable().describe('When it last compared all running rooms. ISO 8601.'),
      ms: z.number().nullable().describe('How long that took, in milliseconds.'),
      round: z
        .object({
          rooms: z.int().describe('Rooms that LiveKit runs.'),
          looked: z.int().describe('Rooms that were compared in this round.'),
          people: z.int().describe('People in those rooms.'),
          drifted: z.int().describe('People whose rights differed, and were repaired.'),
          unsettled: z.int().describe('Operations that had no outcome yet.'),
        })
        .nullable()
        .describe('What it found.'),
    })
    .describe('The reconciler on this server; its fields are null if another server runs it.'),
  programs: z
    .object({
      egress: serviceState('recordings and streams to elsewhere'),
      ingress: serviceState('streams from elsewhere'),
      dispatch: serviceState('agents'),
    })
    .describe('What else LiveKit does, as the server that sweeps sees it.'),
  alarms: openAlarmsResponse
    .nullable()
    .describe(
      'What no entry of the ledger explains and nobody has acknowledged, within the room limit; null without `ledger.read`.',
    ),
  ledger: z
    .object({
      sealing: z
        .enum(SEALING_STATES)
        .describe(
          '`sealing`: this server does; `standby`: another one should; `stopped`: signing would prove something that is not so.',
        ),
      sealed: z
        .object({
          size: z.int().describe('Entries in the tree.'),
          at: z.date().describe('When its checkpoint was signed. ISO 8601.'),
        })
        .nullable()
        .describe('The newest checkpoint; null: nothing is sealed yet.'),
      mirror: z
        .object({
          place: z
            .string()
            .describe(
              'The folder, or the bucket of the object store; empty without `ledger.read`.',
            ),
          size: z
            .int()
            .nullable()
            .describe('Entries up to which it is complete; null: another server writes it.'),
        })
        .describe('Where tiles and checkpoints are kept outside of the database.'),
      witnesses: quorumResponse
        .extend({
          witnesses: z
            .array(witnessResponse({}))
            .describe('Those of the policy that have an address.'),
        })
        .nullable()
        .describe('Who cosigns the checkpoints; null: nobody is configured to.'),
      streams: z
        .array(streamResponse)
        .describe('Where entries are sent to; empty: nowhere, or without `ledger.read`.'),
      problems: z
        .array(
          z.object({
            code: z.enum(LEDGER_PROBLEMS).describe('The problem; stable, for programs.'),
            detail: z.string().describe('What is wrong, as a sentence.'),
          }),
        )
        .describe(
          'What weakens the proofs; empty: nothing does, as far as this server can see, or without `ledger.read`.',
        ),
    })
    .describe('The tree over the ledger, as this server sees it.'),
  tokenTtl: z.number().describe('How long tokens are valid by default, in seconds.'),
  tokenTtlMax: z.number().describe('The longest that a token may be valid, in seconds.'),
  demo: z
    .object({ isPresent: z.boolean().describe('Whether it is there.') })
    .describe('The sample data.'),
});
