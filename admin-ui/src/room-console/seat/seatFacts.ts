import type { useTranslate } from 'react-admin';
import type { Seat } from '../../api/records';

export type Translate = ReturnType<typeof useTranslate>;

export const FLAGS = [
  'microphone',
  'camera',
  'screen_share',
  'data',
  'subscribe',
  'hidden',
] as const;
export type Flag = (typeof FLAGS)[number];

/** The permission as LiveKit has it now, not as it should be. */
export function hasFlag(observed: Record<string, unknown>, flag: Flag): boolean {
  switch (flag) {
    case 'data':
      return observed.canPublishData === true;
    case 'subscribe':
      return observed.canSubscribe === true;
    case 'hidden':
      return observed.hidden === true;
    default: {
      const sources = (observed.canPublishSources ?? []) as readonly string[];
      return observed.canPublish === true && sources.includes(flag);
    }
  }
}

/** What somebody may not do now because of a block, a hold or the room's scene; null: nothing. */
export type Restriction = 'blocked' | 'held' | 'no_screen' | 'by_scene';

export function restrictionOf({ block, hold, withheld }: Seat): Restriction | null {
  if (block) return 'blocked';
  if (hold) return isScreenOnly(hold.sources) ? 'no_screen' : 'held';
  return withheld && (withheld.sources.length > 0 || withheld.data) ? 'by_scene' : null;
}

const isScreenOnly = (sources: readonly string[]) =>
  sources.every((source) => source.startsWith('screen'));

/** What is special about this person, for the small tags behind the name. */
export function tagsOf(seat: Seat): string[] {
  const tags: string[] = [];
  if (seat.kind && seat.kind !== 'standard') tags.push(seat.kind);
  if (seat.isUnlisted) tags.push('unlisted');
  // Of a recorder or an agent the kind has said it.
  const isUnseen = seat.isSilent || seat.observed?.hidden === true;
  if (isUnseen && !tags.includes('egress') && !tags.includes('agent')) {
    tags.push(seat.silentWhy === 'no_media' ? 'no_media' : 'hidden');
  }
  return tags;
}

/** "mic, cam (muted)"; empty for who sends nothing. */
export function tracksInWords(seat: Seat, translate: Translate): string {
  return seat.tracks
    .map(({ source, isMuted }) => {
      const track = translate(`room_console.tracks.${source}`, { _: source });
      return isMuted ? translate('room_console.tracks.muted', { track }) : track;
    })
    .join(', ');
}
