import type { WebhookEvent } from 'livekit-server-sdk';
import {
  type ObservedParticipant,
  type ObservedTrack,
  toObservedParticipant,
  toObservedTrack,
} from './participant-view.js';
import { type Profile, profileOf } from './profile.js';

/** A participant of a webhook; webhooks about tracks have only sid and identity. */
export type EventParticipant = Omit<ObservedParticipant, 'metadata' | 'attributes' | 'tracks'> & {
  /** What they are called, hashed; missing in events from before. */
  readonly profile?: Profile;
};

/** The content of a webhook, without TURN password and metadata. */
export interface LiveKitEvent {
  readonly id: string;
  /** LiveKit's name: `participant_joined`, …; LiveKit may add names that we do not know. */
  readonly event: string;
  readonly createdAt: Date;
  readonly room: { readonly sid: string; readonly name: string } | null;
  readonly participant: EventParticipant | null;
  readonly track: ObservedTrack | null;
}

export function toLiveKitEvent(event: WebhookEvent): LiveKitEvent {
  return {
    id: event.id,
    event: event.event,
    createdAt: new Date(Number(event.createdAt) * 1000),
    room: event.room ? { sid: event.room.sid, name: event.room.name } : null,
    participant: event.participant
      ? withoutMetadata(toObservedParticipant(event.participant))
      : null,
    track: event.track ? toObservedTrack(event.track) : null,
  };
}

function withoutMetadata(participant: ObservedParticipant): EventParticipant {
  const { metadata: _metadata, attributes: _attributes, tracks: _tracks, ...rest } = participant;
  return { ...rest, profile: profileOf(participant) };
}
