/** What the double knows of people, tracks and faults, in LiveKit's own words. */
import type { DoubleParticipant } from './participant.ts';

export type Source = 'CAMERA' | 'MICROPHONE' | 'SCREEN_SHARE' | 'SCREEN_SHARE_AUDIO' | 'UNKNOWN';

/** A permission as LiveKit keeps it: no list of sources means every source. */
export interface Permission {
  canSubscribe: boolean;
  canPublish: boolean;
  canPublishData: boolean;
  canPublishSources: Source[];
  hidden: boolean;
  recorder: boolean;
  canUpdateMetadata: boolean;
  agent: boolean;
  canSubscribeMetrics: boolean;
  canManageAgentSession: boolean;
}

export interface Track {
  readonly sid: string;
  readonly source: Source;
  readonly name: string;
  readonly at: number;
  /** What it is, whatever its source says; LiveKit takes both at the client's word. */
  readonly type?: 'AUDIO' | 'VIDEO';
  isMuted: boolean;
}

/** Something that happened to somebody, in order; `by` is the call, or who did it. */
export interface Change {
  readonly at: number;
  readonly room: string;
  readonly identity: string;
  readonly sid: string;
  readonly kind: 'joined' | 'left' | 'permission' | 'unpublished' | 'muted';
  readonly by: string;
  readonly permission: Permission | null;
}

export interface Fault {
  /** RoomService methods, or `health` for the poll; all of them when left out. */
  readonly on?: string | readonly string[];
  readonly room?: string;
  readonly identity?: string;
  /** How many calls it strikes; all of them until it is ended when left out. */
  readonly times?: number;
  /** Before anything else. */
  readonly latencyMs?: number;
  /**
   * `fail` answers `status` (500), `hang` never answers, `drop` cuts the connection; `half-fail`,
   * `half-hang` and `half-drop` do so after the call has had its effect. Only latency without it.
   */
  readonly then?: 'fail' | 'hang' | 'drop' | 'half-fail' | 'half-hang' | 'half-drop';
  readonly status?: number;
  /** The call has no effect before this is settled. */
  readonly effectAfter?: Promise<unknown>;
  /** The call has its effect at once, and is answered when this is settled. */
  readonly answerAfter?: Promise<unknown>;
  /** Told when a call has come that it strikes, before it suffers. */
  readonly onStrike?: () => void;
}

export interface DoubleEvent {
  readonly id: string;
  readonly event: string;
  readonly createdAt: string;
  readonly room: Record<string, unknown>;
  readonly participant?: Record<string, unknown>;
  readonly track?: Record<string, unknown>;
}

export type WebhookMode = 'normal' | 'lost' | 'duplicated' | 'reordered' | 'late';

export interface DoubleOptions {
  /** With it LiveKit has egress and ingress. */
  readonly hasRedis?: boolean;
  readonly port?: number;
  readonly apiKey?: string;
  readonly apiSecret?: string;
  readonly webhookUrl?: string | null;
  /** How long each call takes; by method and the number of people in the room. */
  readonly latencyMs?: number | ((method: string, people: number) => number);
}

export interface JoinOptions {
  /** Only signalling: in the room, listed as JOINED, and no webhook tells of it. */
  readonly isLurker?: boolean;
  /** What LiveKit itself brings along is no person. */
  readonly kind?: Kind;
}

export type Kind = 'STANDARD' | 'INGRESS' | 'EGRESS' | 'SIP' | 'AGENT';

/** Who joins and with what: a token of any age, or simply somebody with some rights. */
export type Ticket =
  string | { readonly room: string; readonly identity: string; readonly permission: Permission };

export const NO_RIGHTS: Permission = {
  canSubscribe: false,
  canPublish: false,
  canPublishData: false,
  canPublishSources: [],
  hidden: false,
  recorder: false,
  canUpdateMetadata: false,
  agent: false,
  canSubscribeMetrics: false,
  canManageAgentSession: false,
};
export const ALL_RIGHTS: Permission = {
  ...NO_RIGHTS,
  canSubscribe: true,
  canPublish: true,
  canPublishData: true,
};
export const VIEWER_RIGHTS: Permission = { ...NO_RIGHTS, canSubscribe: true, canPublishData: true };

const FLAGS = [
  'canSubscribe',
  'canPublish',
  'canPublishData',
  'hidden',
  'recorder',
  'canUpdateMetadata',
  'agent',
  'canSubscribeMetrics',
  'canManageAgentSession',
] as const;
export const SOURCE_NUMBERS: readonly Source[] = [
  'UNKNOWN',
  'CAMERA',
  'MICROPHONE',
  'SCREEN_SHARE',
  'SCREEN_SHARE_AUDIO',
];

export interface RoomState {
  readonly sid: string;
  readonly name: string;
  readonly createdAt: number;
  readonly emptyTimeout: number;
  readonly departureTimeout: number;
  readonly maxParticipants: number;
  metadata: string;
  readonly people: Map<string, DoubleParticipant>;
  timer: NodeJS.Timeout | null;
}

/** LiveKit's own refusal, as Twirp puts it. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** LiveKit's defaults for what a token leaves out. */
export function permissionOfToken(video: Record<string, unknown>): Permission {
  const canPublish = video['canPublish'] !== false;
  const listed = (video['canPublishSources'] ?? []) as string[];
  return {
    canSubscribe: video['canSubscribe'] !== false,
    canPublish,
    canPublishData: (video['canPublishData'] as boolean | undefined) ?? canPublish,
    canPublishSources: listed.map((source) => {
      const name = source.toUpperCase() as Source;
      return SOURCE_NUMBERS.includes(name) ? name : 'UNKNOWN';
    }),
    hidden: video['hidden'] === true,
    recorder: video['recorder'] === true,
    canUpdateMetadata: video['canUpdateOwnMetadata'] === true,
    agent: video['agent'] === true,
    canSubscribeMetrics: video['canSubscribeMetrics'] === true,
    canManageAgentSession: video['canManageAgentSession'] === true,
  };
}

/** Everything that is not said is false: there are no defaults here. */
export function permissionOfMessage(
  message: Record<(typeof FLAGS)[number], boolean> & { canPublishSources: readonly number[] },
): Permission {
  const permission = { ...NO_RIGHTS };
  for (const flag of FLAGS) permission[flag] = message[flag];
  permission.canPublishSources = message.canPublishSources.map(
    (number) => SOURCE_NUMBERS[number] ?? 'UNKNOWN',
  );
  return permission;
}

export function mayPublish({ canPublish, canPublishSources }: Permission, source: Source): boolean {
  return canPublish && (canPublishSources.length === 0 || canPublishSources.includes(source));
}
