import { FLAG_KEYS, sourceName } from './grant-catalogue.js';
import {
  type FlagKey,
  type GrantKey,
  hasFlag,
  publishableSources,
  type RoleGrants,
  sameGrant,
  type TemplateContent,
  TRACK_SOURCES,
} from './role-grants.js';
import { formatTtl } from './ttl.js';

export interface DiffSentence {
  text: string;
  kind: 'gain' | 'lose' | 'change';
  grant: GrantKey | 'ttl' | 'metadata' | 'attributes';
}

const GAIN_AND_LOSS: Record<Exclude<FlagKey, 'canPublish'>, readonly [string, string]> = {
  roomJoin: ['may join the room', 'may no longer join the room'],
  canSubscribe: ['hears and sees the others', 'stops hearing and seeing the others'],
  canPublishData: [
    'may send data: also chat and RPC replies',
    'stops sending data: also loses chat and RPC replies',
  ],
  canUpdateOwnMetadata: [
    'may change their own name, metadata and attributes',
    'may no longer change their own name, metadata and attributes',
  ],
  canSubscribeMetrics: ['receives quality metrics', 'stops receiving quality metrics'],
  canManageAgentSession: ['may manage agent sessions', 'may no longer manage agent sessions'],
  hidden: ['becomes hidden: nobody sees them or their tracks', 'becomes visible to everyone'],
  recorder: [
    'becomes a recorder: exempt from track permissions, marks the room as recorded',
    'is no longer a recorder',
  ],
  agent: ['may register as an agent', 'may no longer register as an agent'],
  roomAdmin: [
    'may administer the room from a browser: remove, mute, change any permission',
    'may no longer administer the room',
  ],
  roomCreate: [
    'may create and delete any room on the server',
    'may no longer create and delete rooms',
  ],
  roomList: ['may list every room on the server', 'may no longer list rooms'],
  roomRecord: ['may record any room on the server', 'may no longer record rooms'],
  ingressAdmin: [
    'may manage incoming streams of the whole server',
    'may no longer manage incoming streams',
  ],
  'sip.admin': ['may manage the telephony of the whole server', 'may no longer manage telephony'],
  'sip.call': ['may place phone calls', 'may no longer place phone calls'],
  'inference.perform': ['may use inference', 'may no longer use inference'],
  'observability.write': ['may write observability data', 'may no longer write observability data'],
};

/** What changes for the holder, in sentences without a subject. Empty exactly when nothing differs. */
export function diffGrants(a: RoleGrants, b: RoleGrants): DiffSentence[] {
  return FLAG_KEYS.flatMap((key) =>
    key === 'canPublish' ? diffPublishing(a, b) : diffFlag(key, a, b),
  ).concat(diffDestination(a.destinationRoom, b.destinationRoom));
}

function diffFlag(
  key: Exclude<FlagKey, 'canPublish'>,
  a: RoleGrants,
  b: RoleGrants,
): DiffSentence[] {
  if (hasFlag(a, key) === hasFlag(b, key)) return [];
  const [gain, lose] = GAIN_AND_LOSS[key];
  return [
    hasFlag(b, key)
      ? { text: gain, kind: 'gain', grant: key }
      : { text: lose, kind: 'lose', grant: key },
  ];
}

/** Says what may really be published; a change on paper that changes nothing real is said as such. */
function diffPublishing(a: RoleGrants, b: RoleGrants): DiffSentence[] {
  const before = publishableSources(a);
  const after = publishableSources(b);
  const sentences = TRACK_SOURCES.flatMap((source): DiffSentence[] => {
    const was = before.includes(source);
    if (was === after.includes(source)) return [];
    const name = sourceName(source);
    return [
      was
        ? { text: `loses ${name}`, kind: 'lose', grant: 'canPublishSources' }
        : { text: `gains ${name}`, kind: 'gain', grant: 'canPublishSources' },
    ];
  });
  if (sentences.length > 0) return sentences;
  if (a.canPublish !== b.canPublish) {
    return [
      {
        text: `publishing is turned ${b.canPublish ? 'on' : 'off'} without a source: nothing can be published either way`,
        kind: 'change',
        grant: 'canPublish',
      },
    ];
  }
  if (sameGrant(a, b, 'canPublishSources')) return [];
  return [
    {
      text: 'the list of sources changes, without effect while publishing is off',
      kind: 'change',
      grant: 'canPublishSources',
    },
  ];
}

function diffDestination(a: string, b: string): DiffSentence[] {
  if (a === b) return [];
  if (a === '') {
    return [{ text: `may forward people to “${b}”`, kind: 'gain', grant: 'destinationRoom' }];
  }
  if (b === '') {
    return [
      { text: `may no longer forward people to “${a}”`, kind: 'lose', grant: 'destinationRoom' },
    ];
  }
  return [
    { text: `may forward people to “${b}”, not “${a}”`, kind: 'change', grant: 'destinationRoom' },
  ];
}

/** `diffGrants`, and what else a version holds. */
export function diffVersions(a: TemplateContent, b: TemplateContent): DiffSentence[] {
  const sentences = diffGrants(a.grants, b.grants);
  const change = (grant: DiffSentence['grant'], text: string) =>
    sentences.push({ text, kind: 'change', grant });

  if (a.ttl !== b.ttl) {
    const name = (ttl: number | null) => (ttl === null ? 'the default' : formatTtl(ttl));
    change('ttl', `token lifetime: ${name(b.ttl)} instead of ${name(a.ttl)}`);
  }
  if (a.metadata !== b.metadata) {
    if (a.metadata === '') change('metadata', 'sets the metadata');
    else if (b.metadata === '') change('metadata', 'no longer sets metadata');
    else change('metadata', 'changes the metadata');
  }
  const keys = new Set([...Object.keys(a.attributes), ...Object.keys(b.attributes)]);
  for (const key of [...keys].sort()) {
    const before = Object.hasOwn(a.attributes, key) ? a.attributes[key] : undefined;
    const after = Object.hasOwn(b.attributes, key) ? b.attributes[key] : undefined;
    if (before === after) continue;
    if (before === undefined) change('attributes', `sets the attribute “${key}” to “${after}”`);
    else if (after === undefined) change('attributes', `sets the attribute “${key}” no more`);
    else change('attributes', `sets the attribute “${key}” to “${after}” instead of “${before}”`);
  }
  return sentences;
}
