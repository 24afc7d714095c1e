import { FLAG_KEYS, listInWords, sourceName } from './grant-catalogue.js';
import { type FlagKey, hasFlag, publishableSources, type RoleGrants } from './role-grants.js';

const HOLDS: Record<Exclude<FlagKey, 'canPublish'>, string> = {
  roomJoin: 'joins the room',
  canSubscribe: 'hears and sees the others',
  canPublishData: 'sends data: chat, messages and RPC replies',
  canUpdateOwnMetadata: 'may change their own name, metadata and attributes',
  canSubscribeMetrics: 'receives quality metrics',
  canManageAgentSession: 'may manage agent sessions',
  hidden: 'is hidden: nobody sees them or their tracks',
  recorder: 'is a recorder: exempt from track permissions, marks the room as recorded',
  agent: 'may register as an agent',
  roomAdmin: 'administers the room from anywhere: removes, mutes, changes any permission',
  roomCreate: 'creates and deletes any room on the server',
  roomList: 'lists every room on the server',
  roomRecord: 'records any room on the server',
  ingressAdmin: 'manages the incoming streams of the whole server',
  'sip.admin': 'manages the telephony of the whole server',
  'sip.call': 'places phone calls',
  'inference.perform': 'uses inference',
  'observability.write': 'writes observability data',
};

/** Where being off is worth a word. */
const LACKS: Partial<Record<FlagKey, string>> = {
  roomJoin: 'does not join a room',
  canSubscribe: 'neither hears nor sees the others',
  canPublishData: 'sends no data: no chat, no RPC replies',
};

/** What a holder of these grants may do, in sentences without a subject. */
export function describeGrants(grants: RoleGrants): string[] {
  const sentences: string[] = [];
  for (const key of FLAG_KEYS) {
    const text =
      key === 'canPublish' ? publishing(grants) : hasFlag(grants, key) ? HOLDS[key] : LACKS[key];
    // Who does not join has no media or data to speak of.
    const isMoot = !grants.roomJoin && key !== 'roomJoin' && !hasFlag(grants, key);
    if (text && !isMoot) sentences.push(text);
  }
  if (grants.destinationRoom !== '') {
    sentences.push(`may forward people to “${grants.destinationRoom}”`);
  }
  return sentences;
}

function publishing(grants: RoleGrants): string {
  const sources = publishableSources(grants).map(sourceName);
  return sources.length > 0 ? `may publish ${listInWords(sources)}` : 'publishes nothing';
}
