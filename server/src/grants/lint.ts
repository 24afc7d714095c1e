import { utf8Length } from './names.js';
import { type FlagKey, type GrantKey, hasFlag, type TemplateContent } from './role-grants.js';
import { formatTtl } from './ttl.js';

export type LintSeverity = 'error' | 'warning' | 'info';

export interface LintFinding {
  severity: LintSeverity;
  /** `topic.reason`, stable. */
  code: string;
  grant?: GrantKey | 'ttl' | 'metadata' | 'attributes';
  text: string;
}

export interface LintContext {
  ttlMaxSeconds: number;
  /**
   * Who holds the token: somebody's device, or a server of ours. Left out: who joins without being
   * an agent or a recorder is taken for a person's device.
   */
  purpose?: 'client' | 'server';
  /** When the version is looked at for one participant. */
  identity?: string;
}

/** LiveKit takes 512 KiB, but a token rides in a URL, and 1 KB of it is sent to everyone again and again. */
const LARGE_TEXT_BYTES = 1024;
const MAX_METADATA_BYTES = 512 * 1024;
const MAX_ATTRIBUTES_BYTES = 64 * 1024;

/** What somebody with the token, a browser console and a minute can do. */
const BLAST_RADIUS: readonly (readonly [FlagKey, string, string])[] = [
  [
    'roomAdmin',
    'admin.room',
    'remove and mute anyone, change any permission in this room and so undo every demotion, also ' +
      'their own: no dashboard can take it back while they are in the room',
  ],
  ['roomCreate', 'admin.create', 'create and delete any room on the server, with everyone in it'],
  [
    'roomList',
    'admin.list',
    'read the name and metadata of every room on the server, and its TURN password',
  ],
  ['roomRecord', 'admin.record', 'record any room on the server and send it anywhere'],
  ['ingressAdmin', 'admin.ingress', 'feed streams into any room on the server and delete them'],
  ['sip.admin', 'admin.sip', 'change the telephony trunks and dispatch rules of the server'],
  ['sip.call', 'admin.call', 'place phone calls into any room, at your cost'],
];

/** Every repetition is bounded: metadata may be long and made to be slow. */
const SECRETS: readonly RegExp[] = [
  /\beyJ[\w-]{8,400}\.[\w-]{8}/,
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/,
  /\b(?:sk|pk|rk)_(?:live|test)_\w{8}/,
  /\bAKIA[0-9A-Z]{16}\b/,
  /\bgh[pousr]_\w{20}/,
  /\bxox[abprs]-[\w-]{8}/,
  /\brck_\w{8}/,
  /(?:password|passphrase|secret|api[_-]?key|private[_-]?key|access[_-]?token|credential)s?["']?\s{0,8}[:=]\s{0,8}["']?[^\s"',}]/i,
];
const SECRET_NAME =
  /\b(?:password|passphrase|secret|api ?key|private key|access key|token|credentials?)\b/;
const AUTHORITY_NAME =
  /\b(?:roles?|admin|moderator|host|owner|staff|permissions?|grants?|scopes?|privileges?|can)\b/;

type Find = (
  severity: LintSeverity,
  code: string,
  grant: LintFinding['grant'],
  text: string,
) => void;

/** What somebody who reviews a version would object to. An error should not be published. */
export function lintGrants(version: TemplateContent, context: LintContext): LintFinding[] {
  const { grants } = version;
  const purpose =
    context.purpose ?? (grants.roomJoin && !grants.agent && !grants.recorder ? 'client' : 'server');
  const findings: LintFinding[] = [];
  const find: Find = (severity, code, grant, text) => {
    findings.push({ severity, code, ...(grant && { grant }), text });
  };

  const hasMediaOrData = grants.canSubscribe || grants.canPublish || grants.canPublishData;
  const administers = BLAST_RADIUS.filter(([key]) => hasFlag(grants, key));
  if (!grants.roomJoin && hasMediaOrData) {
    find(
      'warning',
      'join.off',
      'roomJoin',
      'Without joining, hearing, publishing and data have no effect: LiveKit refuses the connection.',
    );
  } else if (!grants.roomJoin && administers.length === 0) {
    find(
      'warning',
      'join.nothing',
      'roomJoin',
      'A token of this version can do nothing in LiveKit.',
    );
  } else if (grants.roomJoin && !hasMediaOrData) {
    find(
      'info',
      'join.idle',
      'roomJoin',
      'Joins, but neither hears, publishes nor sends data; still sees everyone’s name and metadata.',
    );
  }

  if (grants.canPublish && grants.canPublishSources.length === 0) {
    find(
      'warning',
      'publish.no_source',
      'canPublishSources',
      'Publishing is on without a source. LiveKit would read that as every source; Rolecall sends publishing off.',
    );
  }
  if (!grants.canPublish && grants.canPublishSources.length > 0) {
    find(
      'warning',
      'publish.off',
      'canPublish',
      'Sources are chosen but publishing is off, and off wins: nothing can be published.',
    );
  }

  for (const [key, code, can] of administers) {
    if (purpose === 'client') {
      find(
        'error',
        code,
        key,
        `On somebody’s device this bypasses the dashboard: from a browser they can ${can}.`,
      );
    } else {
      find('warning', code, key, `Anybody with the token can ${can}. Keep it on a server.`);
    }
  }
  if (grants.destinationRoom !== '') {
    find(
      'warning',
      'forward.destination',
      'destinationRoom',
      grants.roomAdmin
        ? `The holder may move people to “${grants.destinationRoom}”; only LiveKit Cloud does it.`
        : 'A destination room has no effect without administering the room, and only LiveKit Cloud uses it.',
    );
  }

  if (grants.hidden && grants.canSubscribe) {
    find(
      'warning',
      'hidden.listener',
      'hidden',
      'A silent listener: hears and sees everyone, and nobody sees them. They still take a place in a full room.',
    );
  }
  if (grants.hidden && grants.canPublish) {
    find(
      'warning',
      'hidden.publish',
      'hidden',
      'Hidden and publishing: nobody can receive the tracks of a hidden participant.',
    );
  }
  if (grants.hidden && grants.canPublishData) {
    find(
      'warning',
      'hidden.data',
      'hidden',
      'Hidden and sending data: messages arrive from nobody, with the sender unknown.',
    );
  }
  if (grants.recorder) {
    find(
      'warning',
      'recorder.flag',
      'recorder',
      'A recorder is exempt from track permissions, marks the room as being recorded and is not counted in a full room.',
    );
  }
  if (grants.agent) {
    find(
      context.purpose === 'client' ? 'error' : 'warning',
      'agent.flag',
      'agent',
      'An agent may register as a worker for any room on the server, writes transcriptions in the name of others and is not counted in a full room.',
    );
  }
  if (grants.canManageAgentSession) {
    find(
      'info',
      'agent.session',
      'canManageAgentSession',
      'May steer the sessions of agents in the room.',
    );
  }

  const roleLike = Object.keys(version.attributes).filter((key) =>
    AUTHORITY_NAME.test(inWords(key)),
  );
  if (grants.canUpdateOwnMetadata) {
    if (roleLike.length > 0) {
      find(
        'warning',
        'metadata.authority',
        'canUpdateOwnMetadata',
        `The holder may rewrite their own attributes, among them “${roleLike.join('”, “')}”: nothing may take authority from these.`,
      );
    } else {
      find(
        'info',
        'metadata.own',
        'canUpdateOwnMetadata',
        'May take any name that others then see; never trust their name, metadata or attributes.',
      );
    }
  }
  lintTexts(version, find);

  if (version.ttl !== null && version.ttl > context.ttlMaxSeconds) {
    find(
      'error',
      'ttl.above_policy',
      'ttl',
      `A lifetime of ${formatTtl(version.ttl)} is above the policy of ${formatTtl(context.ttlMaxSeconds)}. ` +
        'LiveKit renews the tokens of who is connected, so a short one is enough to join.',
    );
  }
  if (grants.inference.perform) {
    find(
      'info',
      'cloud.inference',
      'inference.perform',
      'Runs models at your cost; LiveKit Cloud only.',
    );
  }
  if (grants.observability.write) {
    find(
      'info',
      'cloud.observability',
      'observability.write',
      'Only LiveKit Cloud takes this data.',
    );
  }
  if (context.identity !== undefined && /^\S+@\S+\.\S+$/.test(context.identity)) {
    find(
      'warning',
      'identity.email',
      undefined,
      'The identity looks like an e-mail address: everyone in the room and LiveKit’s logs see it.',
    );
  }
  return findings;
}

function lintTexts({ metadata, attributes }: TemplateContent, find: Find): void {
  const metadataBytes = utf8Length(metadata);
  if (metadataBytes > MAX_METADATA_BYTES) {
    find('error', 'metadata.too_large', 'metadata', 'LiveKit takes at most 512 KiB of metadata.');
  } else if (metadataBytes > LARGE_TEXT_BYTES) {
    find(
      'warning',
      'metadata.large',
      'metadata',
      `${metadataBytes} bytes of metadata ride in the address of every connect and go to everyone in the room.`,
    );
  }
  if (looksSecret(metadata)) {
    find(
      'warning',
      'metadata.secret',
      'metadata',
      'This looks like a secret. Everyone in the room can read metadata, and so can anyone who sees the token.',
    );
  }

  let attributesBytes = 0;
  for (const [key, value] of Object.entries(attributes)) {
    attributesBytes += utf8Length(key) + utf8Length(value);
    if ((SECRET_NAME.test(inWords(key)) && value !== '') || looksSecret(value)) {
      find(
        'warning',
        'attributes.secret',
        'attributes',
        `The attribute “${key}” looks like a secret. Everyone in the room can read attributes.`,
      );
    }
  }
  if (attributesBytes > MAX_ATTRIBUTES_BYTES) {
    find(
      'error',
      'attributes.too_large',
      'attributes',
      'LiveKit takes at most 64 KiB of attributes.',
    );
  } else if (attributesBytes > LARGE_TEXT_BYTES) {
    find(
      'warning',
      'attributes.large',
      'attributes',
      `${attributesBytes} bytes of attributes ride in the address of every connect and go to everyone in the room.`,
    );
  }
}

function looksSecret(text: string): boolean {
  const start = text.slice(0, 16_384);
  return SECRETS.some((secret) => secret.test(start));
}

/** `isAdmin`, `is_admin`, `is-admin` → "is admin". */
function inWords(key: string): string {
  return key
    .slice(0, 256)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[^A-Za-z]+/g, ' ')
    .toLowerCase();
}
