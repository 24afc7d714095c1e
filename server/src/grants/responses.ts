import { z } from 'zod';
import { TRACK_SOURCES } from './role-grants.js';

export const trackSourceResponse = z
  .enum(TRACK_SOURCES)
  .describe('One of LiveKit’s track sources.');

export const roleSourceResponse = z
  .enum(['override', 'assignment', 'default', 'requested'])
  .describe(
    'Where the role comes from: an override in the room, an assignment, the default of the room, or the request for a token, which named it.',
  );

export const becauseResponse = z
  .looseObject({
    rule: z
      .string()
      .describe(
        'The kind of the rule: `block`, `user`, `room`, `override`, `peek`, `assignment`, `default`, `policy`, `scene` or `hold`.',
      ),
    outcome: z
      .enum(['wins', 'loses', 'near_miss', 'note'])
      .describe('`near_miss`: the rule almost applies. `note`: it explains and decides nothing.'),
    text: z.string().describe('The reason as a sentence.'),
  })
  .describe('One reason. Most also have `ref` (what the rule is about) and `template`.');

/** The chain of reasons of a decision; exactly one of them wins. */
export const becauseList = z
  .array(becauseResponse)
  .describe('The rules that were considered, with what each comes to. Exactly one wins.');
