/** The records of the API as the dashboard reads them. CONTRACT: `GET /api/openapi.json`. */

export type ActorKind = 'operator' | 'api_key' | 'participant' | 'system';

export interface Me {
  operator: { id: string; email: string; name: string };
  permissions: string[];
  rooms: string[] | null;
  accessRoles?: string[];
  ceiling?: Partial<Grants> | null;
}

export type Source = 'camera' | 'microphone' | 'screen_share' | 'screen_share_audio';

export interface Grants {
  roomJoin: boolean;
  canSubscribe: boolean;
  canPublish: boolean;
  canPublishSources: Source[];
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
  destinationRoom: string;
  sip: { admin: boolean; call: boolean };
  inference: { perform: boolean };
  observability: { write: boolean };
}

export interface User {
  id: string;
  identity: string;
  name: string;
  kind: 'standard' | 'agent';
  metadata: string;
  attributes: Record<string, string>;
  isSuspended: boolean;
  createdAt?: string;
}

export interface Room {
  id: string;
  name: string;
  title: string;
  emptyTimeout: number;
  departureTimeout: number;
  maxParticipants: number;
  metadata: string;
  defaultTemplate: string | null;
  promoteTemplate: string | null;
  isClosed: boolean;
  unlistedParticipants: 'allow' | 'remove';
  numParticipants: number;
  liveSince: string | null;
  createdAt: string;
  /** After saving: the options that the running room does not take over. */
  appliesAtNextStart?: string[];
  scene?: ActiveScene | null;
  silence?: Silence;
}

/** How long it took in the last hour until what was taken away was really gone, in milliseconds. */
export interface Silence {
  count: number;
  p50: number | null;
  p95: number | null;
}

/** From a role (`*`: every role not named) to another; null: they keep all but publishing and data. */
export interface SceneRule {
  from: string;
  to: string | null;
}

export interface ActiveScene {
  id: string | null;
  name: string;
  rules: SceneRule[];
  at: string;
  by: string;
  byKind?: ActorKind | null;
  reason: string | null;
}

export interface Scene {
  id: string;
  room: string | null;
  name: string;
  description: string;
  rules: SceneRule[];
  isBuiltIn?: boolean;
}

export interface RoleTemplate {
  id: string;
  key: string;
  name: string;
  description: string;
  color: string | null;
  isBuiltIn: boolean;
  isArchived: boolean;
  published: number | null;
  publishedAt: string | null;
  grants: Grants;
  ttl: number | null;
  metadata: string | null;
  attributes: Record<string, string> | null;
  draft: TemplateDraft | null;
  assignments: number;
  live: number;
}

export interface TemplateDraft {
  grants: Grants;
  ttl: number | null;
  metadata: string | null;
  attributes: Record<string, string> | null;
  updatedAt: string;
  updatedBy: string;
  updatedByKind?: ActorKind | null;
  basedOn: number | null;
}

export type Subject = { user: string } | { everyone: true };
export type Scope = { room: string } | { pattern: string } | { all: true };
export type AssignmentStatus = 'active' | 'upcoming' | 'expired';

export interface Assignment {
  id: string;
  subject: Subject;
  scope: Scope;
  template: string;
  priority: number;
  validFrom: string | null;
  validUntil: string | null;
  reason: string | null;
  status: AssignmentStatus;
  subjectLabel: string;
  createdBy: string | null;
  createdByKind?: ActorKind | null;
  createdAt: string;
}

export interface OperatorAccess {
  role: string;
  rooms?: string[] | null;
}

export interface Operator {
  id: string;
  email: string;
  name: string;
  isDisabled: boolean;
  access: OperatorAccess[];
  lastSignedInAt: string | null;
  createdAt: string;
  temporaryPassword?: string;
}

export interface AccessRole {
  id: string;
  key: string;
  name: string;
  description: string;
  permissions: string[];
  ceiling: string | Partial<Grants> | null;
  isBuiltIn: boolean;
}

export interface PermissionRecord {
  id: string;
  description: string;
}

export interface ApiKey {
  id: string;
  name: string;
  permissions: string[];
  rooms: string[] | null;
  expiresAt: string | null;
  createdAt: string;
  createdBy: string | null;
  createdByKind?: ActorKind | null;
  lastUsedAt: string | null;
  isRevoked: boolean;
  prefix: string;
}

export interface Because {
  rule: string;
  outcome: 'wins' | 'loses' | 'near_miss' | 'note';
  text: string;
  [key: string]: unknown;
}

export interface LedgerEntry {
  id: string;
  seq: number | string;
  at: string;
  kind: string;
  outcome: string;
  actor: { kind: string; id?: string | null; label?: string | null } | null;
  room: string | null;
  identity: string | null;
  requestId: string | null;
  ip?: string | null;
  reason: string | null;
  payload: Record<string, unknown> | null;
}

export interface Issuance extends LedgerEntry {
  jti: string | null;
  tokenHash: string | null;
  template: string | null;
  version: number | null;
  grants: Partial<Grants> | null;
  ttl: number | null;
  expiresAt: string | null;
  because: Because[] | null;
}

export interface Page<T> {
  data: T[];
  pageInfo: { next: string | null; prev: string | null };
}

export interface Explanation {
  verdict: string;
  template: string | null;
  version: number | null;
  source: 'override' | 'assignment' | 'default' | null;
  ttl: number | null;
  grants: Grants | null;
  because: Because[];
}

export interface SystemStatus {
  version: string;
  startedAt: string;
  livekit: {
    state: 'up' | 'down' | 'absent';
    url: string | null;
    clientUrl: string | null;
    since: string | null;
    detail?: string | null;
    /** Whether LiveKit lets Rolecall unmute what a hold or a scene muted. */
    remoteUnmute?: 'on' | 'off' | 'unknown';
  };
  gate: 'on' | 'off';
  whip?: 'on' | 'off';
  gateCheck?: {
    state: 'closed' | 'open' | 'unknown';
    detail: string;
    /** Where a browser would reach LiveKit; null when only the server's own machine could. */
    browserUrl: string | null;
    checkedAt: string;
  };
  /** Milliseconds that a clock is ahead of the database's; null: not known. */
  clocks?: { serverSkewMs: number | null; livekitSkewMs: number | null; isOff: boolean };
  sweep?: { lastAt: string | null; ms: number | null };
  demo: { isPresent: boolean };
}

/** One identity in one room, as `GET /rooms/:room/seats` and the event stream tell it. */
export interface Seat {
  identity: string;
  user: string | null;
  name: string | null;
  kind: string | null;
  state: string;
  isPresent: boolean;
  role: {
    template: string | null;
    version: number | null;
    source: 'override' | 'assignment' | 'default' | null;
  } | null;
  observed: Record<string, unknown> | null;
  inSync: boolean;
  epoch: number;
  override: {
    template: string;
    version: number;
    until: string | null;
    by: string | null;
    byKind?: ActorKind | null;
    reason: string | null;
  } | null;
  block: {
    until: string | null;
    by?: string | null;
    byKind?: ActorKind | null;
    reason?: string | null;
  } | null;
  blockedUntil?: string | null;
  tracks: SeatTrack[];
  joinedAt: string | null;
  pendingOperation?: string | null;
  lastChange?: {
    at: string;
    by: string | null;
    byKind?: ActorKind | null;
    kind: string;
    outcome: string;
    ms: number | null;
  } | null;
  isUnlisted?: boolean;
  /** The others in the room do not see them. */
  isSilent?: boolean;
  silentWhy?: 'hidden' | 'recorder' | 'agent' | 'no_media' | null;
  silentSince?: string | null;
  /** A moderator's own seat, hidden: whom they look at. */
  peeksAt?: string | null;
  hold?: Hold | null;
  /** What the role would allow and a hold or the room's scene takes away. */
  withheld?: { sources: string[]; data: boolean };
  /** What of the role the link they came with does not open. */
  aboveCeiling?: string[];
  /** How holds and scenes keep them silent; a phone, an ingress, an agent and WHIP are muted. */
  silencing?: 'revoke' | 'mute';
  hand?: { id: string; since: string; note: string | null } | null;
  invite?: { id: string; template: string | null; since: string } | null;
}

export interface Hold {
  sources: string[];
  at: string;
  until: string | null;
  by: string;
  byKind?: ActorKind | null;
  reason: string | null;
}

/** One thing that was done to one seat. */
export interface SeatOperationRecord {
  id: string;
  action: string;
  by: string;
  byKind?: ActorKind | null;
  at: string;
  outcome: string;
  detail: string | null;
  reason: string | null;
  ms: number | null;
  /** Until the tracks were really gone, as LiveKit told it. */
  goneMs: number | null;
  effects: string[];
  undoUntil: string | null;
  undoneBy: string | null;
}

export type BulkStatus = 'running' | 'paused' | 'done' | 'failed' | 'cancelled';

/** One thing that is done to many seats, one after another. */
export interface BulkOperation {
  id: string;
  status: BulkStatus;
  action: string;
  room: string;
  total: number;
  done: number;
  applied: number;
  pending: number;
  failed: number;
  cancelled: number;
  skipped: number;
  by: string;
  byKind?: ActorKind | null;
  reason: string | null;
  template?: string | null;
  undoOf?: string | null;
  createdAt: string;
  finishedAt: string | null;
  secondsLeft: number | null;
  undoUntil: string | null;
  undoneBy: string | null;
}

export interface StageHand {
  id: string;
  identity: string;
  name: string | null;
  since: string;
  note: string | null;
  position: number;
  /** False for who has just left. */
  isPresent: boolean;
}

export interface StageLimit {
  template: string;
  slots: number | null;
  taken: number;
  free: number | null;
}

/** Who waits to be heard, who was asked up, and how many places there are. */
export interface Stage {
  hands: StageHand[];
  invites: {
    id: string;
    identity: string;
    name: string | null;
    template: string | null;
    since: string;
    expiresAt: string | null;
  }[];
  limits: StageLimit[];
  next: string | null;
}

/** Another moderator has this person in hand. */
export interface Acting {
  room?: string;
  identity: string;
  by: string;
  byKind?: ActorKind | null;
  action: string | null;
  until: string;
}

export interface SeatTrack {
  sid: string;
  source: string;
  type?: string;
  name?: string;
  muted?: boolean;
  isMuted?: boolean;
}
