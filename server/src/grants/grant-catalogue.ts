import type { FlagKey, GrantKey, TrackSource } from './role-grants.js';

export type GrantGroup =
  'join' | 'publish' | 'receive' | 'data' | 'visibility' | 'administration' | 'services';

export const GRANT_GROUPS: readonly { id: GrantGroup; title: string }[] = [
  { id: 'join', title: 'Join' },
  { id: 'publish', title: 'Publish' },
  { id: 'receive', title: 'Receive' },
  { id: 'data', title: 'Data and metadata' },
  { id: 'visibility', title: 'Visibility and kind' },
  { id: 'administration', title: 'Administration' },
  { id: 'services', title: 'Services' },
];

interface Described {
  group: GrantGroup;
  title: string;
  /** What LiveKit does with it. */
  sentence: string;
  /** It reaches every room of the LiveKit server, whatever room the token names. */
  isServerWide: boolean;
  /** LiveKit takes the change while the participant is in the room, with its full effect. */
  isLiveChangeable: boolean;
}

export type GrantDescription = Described &
  (
    | { key: FlagKey; kind: 'flag' }
    | { key: 'canPublishSources'; kind: 'sources' }
    | { key: 'destinationRoom'; kind: 'room' }
  );

/** Every grant, in the order in which people read them. */
export const GRANT_CATALOGUE: readonly GrantDescription[] = [
  {
    key: 'roomJoin',
    kind: 'flag',
    group: 'join',
    title: 'Join the room',
    sentence: 'Lets the holder enter the room that the token names, and no other.',
    isServerWide: false,
    isLiveChangeable: false,
  },
  {
    key: 'canPublish',
    kind: 'flag',
    group: 'publish',
    title: 'Publish',
    sentence:
      'Lets the participant publish tracks of the sources below. Off wins over any source; ' +
      'taking it away removes their tracks at once.',
    isServerWide: false,
    isLiveChangeable: true,
  },
  {
    key: 'canPublishSources',
    kind: 'sources',
    group: 'publish',
    title: 'Sources',
    sentence:
      'Limits publishing to these sources. LiveKit reads an empty list as all of them, ' +
      'so Rolecall sends publishing off instead.',
    isServerWide: false,
    isLiveChangeable: true,
  },
  {
    key: 'canSubscribe',
    kind: 'flag',
    group: 'receive',
    title: 'Hear and see others',
    sentence:
      'Lets the participant receive the tracks of others. Without it they still get data, ' +
      'chat and everyone’s name and metadata.',
    isServerWide: false,
    isLiveChangeable: true,
  },
  {
    key: 'canSubscribeMetrics',
    kind: 'flag',
    group: 'receive',
    title: 'Receive metrics',
    sentence: 'Lets the participant receive quality metrics of the others.',
    isServerWide: false,
    isLiveChangeable: true,
  },
  {
    key: 'canPublishData',
    kind: 'flag',
    group: 'data',
    title: 'Send data',
    sentence:
      'Carries chat, data messages and RPC replies; without it LiveKit drops them silently.',
    isServerWide: false,
    isLiveChangeable: true,
  },
  {
    key: 'canUpdateOwnMetadata',
    kind: 'flag',
    group: 'data',
    title: 'Change own name and metadata',
    sentence: 'Lets the participant rewrite their own name, metadata and attributes.',
    isServerWide: false,
    isLiveChangeable: true,
  },
  {
    key: 'canManageAgentSession',
    kind: 'flag',
    group: 'data',
    title: 'Manage agent sessions',
    sentence: 'Lets the participant steer the session of an agent in the room.',
    isServerWide: false,
    isLiveChangeable: true,
  },
  {
    key: 'hidden',
    kind: 'flag',
    group: 'visibility',
    title: 'Hidden',
    sentence:
      'Others see neither the participant nor their tracks. Only sure when it is in the token: ' +
      'hiding someone who is in the room leaves a ghost with the others.',
    isServerWide: false,
    isLiveChangeable: false,
  },
  {
    key: 'recorder',
    kind: 'flag',
    group: 'visibility',
    title: 'Recorder',
    sentence:
      'Marks the room as being recorded, is exempt from track permissions and does not count ' +
      'towards the room’s limit.',
    isServerWide: false,
    isLiveChangeable: false,
  },
  {
    key: 'agent',
    kind: 'flag',
    group: 'visibility',
    title: 'Agent',
    sentence:
      'May register as an agent worker, sends transcriptions for others and does not count ' +
      'towards the room’s limit.',
    isServerWide: false,
    isLiveChangeable: false,
  },
  {
    key: 'roomAdmin',
    kind: 'flag',
    group: 'administration',
    title: 'Administer the room',
    sentence:
      'Lets the holder remove and mute people and change any permission in this room, ' +
      'straight from a browser and past this dashboard.',
    isServerWide: false,
    isLiveChangeable: false,
  },
  {
    key: 'roomCreate',
    kind: 'flag',
    group: 'administration',
    title: 'Create and delete rooms',
    sentence: 'Lets the holder create and delete any room on the server.',
    isServerWide: true,
    isLiveChangeable: false,
  },
  {
    key: 'roomList',
    kind: 'flag',
    group: 'administration',
    title: 'List rooms',
    sentence: 'Shows every room on the server with its metadata.',
    isServerWide: true,
    isLiveChangeable: false,
  },
  {
    key: 'roomRecord',
    kind: 'flag',
    group: 'administration',
    title: 'Record rooms',
    sentence: 'Lets the holder record or stream any room on the server to anywhere.',
    isServerWide: true,
    isLiveChangeable: false,
  },
  {
    key: 'ingressAdmin',
    kind: 'flag',
    group: 'administration',
    title: 'Manage ingress',
    sentence: 'Lets the holder create and delete incoming streams into any room on the server.',
    isServerWide: true,
    isLiveChangeable: false,
  },
  {
    key: 'destinationRoom',
    kind: 'room',
    group: 'administration',
    title: 'Destination room',
    sentence:
      'Together with room administration, names the one room that participants may be forwarded ' +
      'or moved to; only LiveKit Cloud does it.',
    isServerWide: false,
    isLiveChangeable: false,
  },
  {
    key: 'sip.admin',
    kind: 'flag',
    group: 'services',
    title: 'Manage telephony',
    sentence: 'Lets the holder manage the SIP trunks and dispatch rules of the whole server.',
    isServerWide: true,
    isLiveChangeable: false,
  },
  {
    key: 'sip.call',
    kind: 'flag',
    group: 'services',
    title: 'Place phone calls',
    sentence: 'Lets the holder dial out over the server’s SIP trunks into any room.',
    isServerWide: true,
    isLiveChangeable: false,
  },
  {
    key: 'inference.perform',
    kind: 'flag',
    group: 'services',
    title: 'Use inference',
    sentence: 'Lets the holder run models through LiveKit’s inference service.',
    isServerWide: true,
    isLiveChangeable: false,
  },
  {
    key: 'observability.write',
    kind: 'flag',
    group: 'services',
    title: 'Write observability data',
    sentence: 'Lets the holder upload traces, logs and session reports.',
    isServerWide: true,
    isLiveChangeable: false,
  },
];

const BY_KEY = new Map<GrantKey, GrantDescription>(
  GRANT_CATALOGUE.map((grant) => [grant.key, grant]),
);

export function describeGrant(key: GrantKey): GrantDescription {
  return BY_KEY.get(key)!;
}

export const FLAG_KEYS: readonly FlagKey[] = GRANT_CATALOGUE.flatMap((grant) =>
  grant.kind === 'flag' ? [grant.key] : [],
);

const SOURCE_NAMES: Record<TrackSource, string> = {
  camera: 'camera',
  microphone: 'microphone',
  screen_share: 'screen share',
  screen_share_audio: 'screen share audio',
};

/** `screen_share` → "screen share"; a source that LiveKit does not know is a "track". */
export function sourceName(source: string): string {
  return Object.hasOwn(SOURCE_NAMES, source) ? SOURCE_NAMES[source as TrackSource] : 'track';
}

/** "camera, microphone and screen share". */
export function listInWords(items: readonly string[]): string {
  return items.length < 2
    ? items.join('')
    : `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;
}
