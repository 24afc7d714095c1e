/** LiveKit's names of what can be published, in the order in which they always leave the compiler. */
export const TRACK_SOURCES = [
  'camera',
  'microphone',
  'screen_share',
  'screen_share_audio',
] as const;
export type TrackSource = (typeof TRACK_SOURCES)[number];

/** Everything that a token can allow, each as an explicit value: nothing is left to a default. */
export interface RoleGrants {
  roomJoin: boolean;
  canSubscribe: boolean;
  canPublish: boolean;
  canPublishSources: readonly TrackSource[];
  canPublishData: boolean;
  canUpdateOwnMetadata: boolean;
  canSubscribeMetrics: boolean;
  canManageAgentSession: boolean;
  hidden: boolean;
  recorder: boolean;
  agent: boolean;
  roomAdmin: boolean;
  roomCreate: boolean;
  roomList: boolean;
  roomRecord: boolean;
  ingressAdmin: boolean;
  /** The room that participants may be forwarded to; empty = none. */
  destinationRoom: string;
  sip: { admin: boolean; call: boolean };
  inference: { perform: boolean };
  observability: { write: boolean };
}

/** Some of the grants; what is left out is off. */
export type PartialGrants = {
  [K in keyof RoleGrants]?: RoleGrants[K] extends Record<string, boolean>
    ? Partial<RoleGrants[K]>
    : RoleGrants[K];
};

/** What a version of a role template holds. Empty metadata = none; `ttl` null = the server's default. */
export interface TemplateContent {
  grants: RoleGrants;
  /** Seconds. */
  ttl: number | null;
  metadata: string;
  attributes: Readonly<Record<string, string>>;
}

/** Each known source once, in canonical order. */
export function canonicalSources(sources: readonly string[]): TrackSource[] {
  return TRACK_SOURCES.filter((source) => sources.includes(source));
}

/** What is left out, or is not `true`, is off. */
export function completeGrants(partial: PartialGrants): RoleGrants {
  return {
    roomJoin: partial.roomJoin === true,
    canSubscribe: partial.canSubscribe === true,
    canPublish: partial.canPublish === true,
    canPublishSources: canonicalSources(partial.canPublishSources ?? []),
    canPublishData: partial.canPublishData === true,
    canUpdateOwnMetadata: partial.canUpdateOwnMetadata === true,
    canSubscribeMetrics: partial.canSubscribeMetrics === true,
    canManageAgentSession: partial.canManageAgentSession === true,
    hidden: partial.hidden === true,
    recorder: partial.recorder === true,
    agent: partial.agent === true,
    roomAdmin: partial.roomAdmin === true,
    roomCreate: partial.roomCreate === true,
    roomList: partial.roomList === true,
    roomRecord: partial.roomRecord === true,
    ingressAdmin: partial.ingressAdmin === true,
    destinationRoom: partial.destinationRoom ?? '',
    sip: { admin: partial.sip?.admin === true, call: partial.sip?.call === true },
    inference: { perform: partial.inference?.perform === true },
    observability: { write: partial.observability?.write === true },
  };
}

export const NO_GRANTS: Readonly<RoleGrants> = Object.freeze(completeGrants({}));

/** What may really be published: nothing while publishing is off, whatever sources are listed. */
export function publishableSources(grants: RoleGrants): TrackSource[] {
  return grants.canPublish ? canonicalSources(grants.canPublishSources) : [];
}

/** The grants that are on or off. Nested ones are written with a dot, as in error paths. */
export type FlagKey =
  | Exclude<
      keyof RoleGrants,
      'canPublishSources' | 'destinationRoom' | 'sip' | 'inference' | 'observability'
    >
  | 'sip.admin'
  | 'sip.call'
  | 'inference.perform'
  | 'observability.write';

export type GrantKey = FlagKey | 'canPublishSources' | 'destinationRoom';

export function hasFlag(grants: RoleGrants, key: FlagKey): boolean {
  switch (key) {
    case 'sip.admin':
      return grants.sip.admin;
    case 'sip.call':
      return grants.sip.call;
    case 'inference.perform':
      return grants.inference.perform;
    case 'observability.write':
      return grants.observability.write;
    default:
      return grants[key];
  }
}

export function sameGrant(a: RoleGrants, b: RoleGrants, key: GrantKey): boolean {
  switch (key) {
    case 'canPublishSources':
      return (
        canonicalSources(a.canPublishSources).join() ===
        canonicalSources(b.canPublishSources).join()
      );
    case 'destinationRoom':
      return a.destinationRoom === b.destinationRoom;
    default:
      return hasFlag(a, key) === hasFlag(b, key);
  }
}
