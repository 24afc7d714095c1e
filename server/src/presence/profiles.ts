import { Injectable } from '@nestjs/common';
import { Alarms, type Finding } from '../alarms/alarms.service.js';
import { Batcher } from '../common/batcher.js';
import type { ObservedParticipant, ObservedRoom } from '../livekit/participant-view.js';
import { digestOf, type Profile, profileChanges, profileOf } from '../livekit/profile.js';
import { isStorable } from '../livekit/storable.js';
import type { EventParticipant } from '../livekit/webhook-event.js';
import { RoomStore } from '../rooms/room-store.js';
import { type Baseline, BaselineStore } from './baseline-store.js';

interface Known {
  readonly sid: string;
  readonly profile: Profile;
  /** They may change it themselves, or could when they were seen last. */
  readonly mayChange: boolean;
}

/** Of a value that was set at LiveKit so much is written down. */
const MAX_VALUE = 500;
/** A room, where the others are its participants. */
const ROOM = '';

/**
 * Rolecall changes no name, metadata or attributes of somebody who is connected, and the metadata of a
 * room only to what it has itself. What else changes was changed at LiveKit, unless the participant
 * may do that themselves.
 */
@Injectable()
export class Profiles {
  private readonly people = new Map<string, Map<string, Known>>();
  private readonly rooms = new Map<string, Known>();
  /** Metadata that may be on its way to Postgres or from it: it counts when it is seen again. */
  private readonly suspect = new Map<string, string>();
  private readonly joins = new Batcher<Baseline, null>(
    async (joined) => {
      await this.store.write(joined, true);
      return joined.map(() => null);
    },
    { concurrency: 2 },
  );

  constructor(
    private readonly store: BaselineStore,
    private readonly roomStore: RoomStore,
    private readonly alarms: Alarms,
  ) {}

  /** The webhook of a join comes before anybody can have changed much. */
  async noteJoined(room: string, { identity, sid, profile }: EventParticipant): Promise<void> {
    if (profile) await this.joins.load({ room, identity, sid, profile });
  }

  /** Compares everybody who is in the room with what they were like before. */
  async compare(room: string, participants: readonly ObservedParticipant[]): Promise<void> {
    const before = this.people.get(room) ?? new Map<string, Known>();
    const strangers = participants.filter(({ identity, sid }) => before.get(identity)?.sid !== sid);
    const known = await this.readKnown(room, strangers, before);
    const after = new Map<string, Known>();
    const findings: Finding[] = [];
    const changed: Baseline[] = [];
    for (const participant of participants) {
      const { identity, sid, permission } = participant;
      const profile = profileOf(participant);
      const last = known.get(identity);
      const mayChange = permission.canUpdateMetadata;
      after.set(identity, { sid, profile, mayChange });
      const changes = last ? profileChanges(last.profile, profile) : [];
      if (changes.length === 0) continue;
      changed.push({ room, identity, sid, profile });
      if (mayChange || last?.mayChange) continue;
      findings.push({
        kind: 'participant.changed_elsewhere',
        key: [room, sid],
        room,
        identity,
        about: { sid, changed: changes, knownKeys: this.alarms.knownKeys },
        more: { after: valuesOf(participant, changes) },
      });
    }
    await this.alarms.raise(findings);
    if (changed.length > 0) await this.store.write(changed, false);
    if (after.size > 0) this.people.set(room, after);
    else this.people.delete(room);
  }

  /** Compares the metadata of rooms that Rolecall has; the others do not run any longer. */
  async compareRooms(running: readonly ObservedRoom[]): Promise<void> {
    this.forgetOthers(running);
    const strangers = running.filter(({ name, sid }) => this.rooms.get(name)?.sid !== sid);
    await this.learnRooms(strangers);
    const changed = running.filter(
      ({ name, metadata }) => this.rooms.get(name)?.profile['metadata'] !== digestOf(metadata),
    );
    for (const { name } of running) {
      if (this.suspect.size > 0 && !changed.some((room) => room.name === name))
        this.suspect.delete(name);
    }
    if (changed.length === 0) return;
    const wanted = await this.roomStore.readMetadata(changed.map(({ name }) => name));
    const findings: Finding[] = [];
    const settled: Baseline[] = [];
    for (const { name, sid, metadata } of changed) {
      const profile = { metadata: digestOf(metadata) };
      const isOurs = wanted.get(name) === metadata;
      if (!isOurs && this.suspect.get(name) !== profile.metadata) {
        this.suspect.set(name, profile.metadata);
        continue;
      }
      this.suspect.delete(name);
      settled.push({ room: name, identity: ROOM, sid, profile });
      if (isOurs) continue;
      findings.push({
        kind: 'room.changed_elsewhere',
        key: [name, sid],
        room: name,
        about: { sid, knownKeys: this.alarms.knownKeys },
        more: { metadata: metadata.slice(0, MAX_VALUE) },
      });
    }
    await this.alarms.raise(findings);
    if (settled.length > 0) await this.store.write(settled, false);
    for (const { room, sid, profile } of settled) {
      this.rooms.set(room, { sid, profile, mayChange: false });
    }
  }

  private async readKnown(
    room: string,
    strangers: readonly ObservedParticipant[],
    before: ReadonlyMap<string, Known>,
  ): Promise<Map<string, Known>> {
    const known = new Map(before);
    if (strangers.length === 0) return known;
    const of = strangers.map(({ identity, sid }) => ({ room, identity, sid }));
    for (const { identity } of strangers) known.delete(identity);
    for (const { identity, sid, profile } of await this.store.read(of)) {
      known.set(identity, { sid, profile, mayChange: false });
    }
    const first = strangers.filter(({ identity }) => !known.has(identity));
    if (first.length > 0) {
      await this.store.write(
        first.map((one) => ({
          room,
          identity: one.identity,
          sid: one.sid,
          profile: profileOf(one),
        })),
        true,
      );
    }
    return known;
  }

  private async learnRooms(strangers: readonly ObservedRoom[]): Promise<void> {
    if (strangers.length === 0) return;
    const of = strangers.map(({ name, sid }) => ({ room: name, identity: ROOM, sid }));
    for (const { room, sid, profile } of await this.store.read(of)) {
      this.rooms.set(room, { sid, profile, mayChange: false });
    }
    const first = strangers.filter(({ name, sid }) => this.rooms.get(name)?.sid !== sid);
    for (const { name, sid, metadata } of first) {
      this.rooms.set(name, {
        sid,
        profile: { metadata: digestOf(metadata) },
        mayChange: false,
      });
    }
    if (first.length === 0) return;
    await this.store.write(
      first.map(({ name, sid, metadata }) => ({
        room: name,
        identity: ROOM,
        sid,
        profile: { metadata: digestOf(metadata) },
      })),
      true,
    );
  }

  private forgetOthers(running: readonly ObservedRoom[]): void {
    const names = new Set(running.map(({ name }) => name));
    for (const map of [this.people, this.rooms, this.suspect]) {
      for (const name of map.keys()) if (!names.has(name)) map.delete(name);
    }
  }
}

/** What the changed members are now. */
function valuesOf(
  { name, metadata, attributes }: ObservedParticipant,
  changes: readonly string[],
): Record<string, string | null> {
  const all: Record<string, string | null> = { name, metadata };
  for (const [key, value] of Object.entries(attributes)) {
    if (isStorable(key)) all[`attributes.${key}`] = value;
  }
  return Object.fromEntries(
    changes.map((member) => [member, all[member]?.slice(0, MAX_VALUE) ?? null]),
  );
}
