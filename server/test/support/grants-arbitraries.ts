import fc from 'fast-check';
import { nameProblem, textProblem } from '../../src/grants/names.js';
import {
  type RoleGrants,
  type TemplateContent,
  TRACK_SOURCES,
} from '../../src/grants/role-grants.js';

const bool = fc.boolean();

/** A room name or an identity as people and programs really choose them, and worse. */
export const anyName = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 24 }),
    fc.constantFrom('town-hall', 'a/b', '100%', 'x:y', 'день', 'شمس', '🎙️ live', '*', '\\*'),
  )
  .filter((text) => nameProblem(text) === null);

export const anyText = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter((text) => textProblem(text) === null);

/** Sources come in any order and more than once, as from a careless caller. */
export const anyGrants: fc.Arbitrary<RoleGrants> = fc.record({
  roomJoin: bool,
  canSubscribe: bool,
  canPublish: bool,
  canPublishSources: fc.array(fc.constantFrom(...TRACK_SOURCES), { maxLength: 6 }),
  canPublishData: bool,
  canUpdateOwnMetadata: bool,
  canSubscribeMetrics: bool,
  canManageAgentSession: bool,
  hidden: bool,
  recorder: bool,
  agent: bool,
  roomAdmin: bool,
  roomCreate: bool,
  roomList: bool,
  roomRecord: bool,
  ingressAdmin: bool,
  destinationRoom: fc.oneof(fc.constant(''), anyName),
  sip: fc.record({ admin: bool, call: bool }),
  inference: fc.record({ perform: bool }),
  observability: fc.record({ write: bool }),
});

export const anyAttributes = fc.dictionary(anyName, anyText, { maxKeys: 4, noNullPrototype: true });

export const anyContent: fc.Arbitrary<TemplateContent> = fc.record({
  grants: anyGrants,
  ttl: fc.option(fc.integer({ min: 1, max: 86_400 })),
  metadata: anyText,
  attributes: anyAttributes,
});
