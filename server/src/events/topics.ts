import { z } from 'zod';
import type { Actor } from '../actor/actor.js';
import { permissionMissing, roomNotFound } from '../common/errors/refusals.js';
import { nameText } from '../common/http/fields.js';

const MAX_TOPICS = 50;
const ROOM = 'room:';

/**
 * Topics are separated by commas, and a room's name may hold one: in a name, `%2C` is a comma and
 * `%25` a percent sign (beyond the encoding of the address itself).
 */
const topic = z.string().transform((text, context) => {
  const name = text.replaceAll('%2C', ',').replaceAll('%25', '%');
  if (name === 'me' || name === 'rooms') return name;
  const room = name.startsWith(ROOM) ? nameText.safeParse(name.slice(ROOM.length)) : null;
  if (room?.success) return name;
  context.addIssue({
    code: 'custom',
    message: 'must be a list of me, rooms and room:NAME, separated by commas',
  });
  return z.NEVER;
});

export const eventsQuery = z.strictObject({
  topics: z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [...new Set([given].flat().flatMap((text) => text.split(',')))])
    .pipe(
      z
        .array(topic)
        .min(1)
        .max(MAX_TOPICS, { message: `must be at most ${MAX_TOPICS} topics` }),
    )
    .describe(
      'What to listen to, separated by commas: `me`, `rooms` or `room:<name>`; at most 50. In a name, write `%2C` for a comma.',
    ),
  lastEventId: z
    .string()
    .max(20)
    .optional()
    .describe('The last event that was received, for clients that cannot send `Last-Event-ID`.'),
});
export type EventsQuery = z.infer<typeof eventsQuery>;

/** How the feed names what a client asks for. */
export function feedTopic(actor: Actor, shown: string): string {
  return shown === 'me' ? `operator:${actor.id ?? ''}` : shown;
}

/** Throws as the routes would that show the same. */
export function assertMaySee(actor: Actor, topic: string): void {
  if (topic.startsWith('operator:')) return;
  if (topic === 'rooms') {
    if (!actor.can('room.read')) throw permissionMissing('room.read');
    return;
  }
  if (actor.can('seat.read', topic.slice(ROOM.length))) return;
  if (!actor.can('seat.read')) throw permissionMissing('seat.read');
  throw roomNotFound();
}

export function roomOf(topic: string): string | null {
  return topic.startsWith(ROOM) ? topic.slice(ROOM.length) : null;
}
