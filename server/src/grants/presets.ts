import {
  completeGrants,
  type PartialGrants,
  type RoleGrants,
  TRACK_SOURCES,
} from './role-grants.js';

export interface TemplatePreset {
  key: string;
  name: string;
  description: string;
  color: string;
  ttl: null;
  grants: RoleGrants;
}

const VIEWER: PartialGrants = { roomJoin: true, canSubscribe: true, canPublishData: true };
const SPEAKER: PartialGrants = {
  ...VIEWER,
  canPublish: true,
  canPublishSources: ['camera', 'microphone'],
};
/** Hears and sees, is seen by nobody, sends nothing: also the most that a moderator's look may be. */
const OBSERVER: PartialGrants = { roomJoin: true, canSubscribe: true, hidden: true };
const PRESENTER: PartialGrants = { ...SPEAKER, canPublishSources: TRACK_SOURCES };

function preset(
  key: string,
  name: string,
  color: string,
  description: string,
  grants: PartialGrants,
): TemplatePreset {
  return { key, name, description, color, ttl: null, grants: completeGrants(grants) };
}

/** The role templates that are there, published, from the start. None carries room administration. */
export const PRESETS: readonly TemplatePreset[] = [
  preset('viewer', 'Viewer', '#5b7083', 'Hears, sees and chats.', VIEWER),
  preset('speaker', 'Speaker', '#1f7a5c', 'A viewer with camera and microphone.', SPEAKER),
  preset('presenter', 'Presenter', '#2f5fd0', 'A speaker who also shares the screen.', PRESENTER),
  preset(
    'host',
    'Host',
    '#7a3fc4',
    'A presenter who may change their own name, see metrics and steer agents. Moderation goes through Rolecall.',
    {
      ...PRESENTER,
      canUpdateOwnMetadata: true,
      canSubscribeMetrics: true,
      canManageAgentSession: true,
    },
  ),
  preset('camera-only', 'Camera only', '#0f7c8f', 'A viewer with a camera and no microphone.', {
    ...VIEWER,
    canPublish: true,
    canPublishSources: ['camera'],
  }),
  preset(
    'hidden-observer',
    'Hidden observer',
    '#8a6116',
    'Hears and sees, is seen by nobody, sends nothing.',
    OBSERVER,
  ),
  preset('recorder', 'Recorder', '#b3363e', 'A hidden recorder that receives everything.', {
    ...OBSERVER,
    recorder: true,
  }),
  preset('agent', 'Agent', '#a8428c', 'A program that takes part: every source, data, own state.', {
    ...PRESENTER,
    agent: true,
    canUpdateOwnMetadata: true,
  }),
];

/** What a moderator's look is, whatever has become of the template since. */
export const PEEK_GRANTS: RoleGrants = completeGrants(OBSERVER);

/** The most that the built-in access role `moderator` may hand out. */
export const MODERATOR_CEILING: RoleGrants = completeGrants(PRESENTER);

/** What people are promoted to when the moderator does not say. */
export function promotesTo(room: { readonly promoteTemplate: string | null } | undefined): string {
  return room?.promoteTemplate ?? 'speaker';
}
