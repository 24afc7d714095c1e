import type { TimelineLane, TimelineMark, TimelineSegment } from '@rolecall/server/api';
import type { Exposure } from '../api/records';
import type { useZone } from '../ledger/zone';
import { durationText } from '../shared/time';
import type { Bar, Lane, Mark } from './chart/layout';
import { roomHistoryPath } from '../shared/historyPaths';

export interface LaneWords {
  translate: (key: string, options?: Record<string, unknown>) => string;
  format: ReturnType<typeof useZone>['format'];
  locale: string;
  now: number;
}

/** A lane of the answer as the picture draws it. */
export function toLane(
  lane: TimelineLane,
  of: 'room' | 'identity',
  to: string,
  marks: readonly TimelineMark[],
  words: LaneWords,
): Lane {
  return {
    id: lane[of],
    label: of === 'room' ? lane.room : lane.name,
    to,
    bars: lane.segments.map((segment, at) => toBar(segment, `${lane[of]} ${at}`, words)),
    marks: marks.filter((mark) => mark[of] === lane[of]).map((mark) => toMark(mark, words)),
  };
}

function toBar(segment: TimelineSegment, id: string, words: LaneWords): Bar {
  const { translate } = words;
  const isLive = segment.kind === 'present' && segment.canPublish === true && !segment.isHidden;
  const from = Date.parse(segment.from);
  const to = segment.to === null ? null : Date.parse(segment.to);
  const until = segment.until === null ? null : Date.parse(segment.until);
  const { role, by } = segment;
  const state = segment.isHidden ? 'hidden' : isLive ? 'live' : segment.kind;
  const name = role
    ? translate(`timelines.said.${state}_as`, { role: role.name })
    : translate(`timelines.said.${state}`);
  const given = by === null ? '' : translate('timelines.said.by', { by });
  return {
    id,
    kind: isLive ? 'live' : segment.kind,
    from,
    to,
    until,
    role,
    name,
    said: `${name}${given}: ${timesOf({ from, to, until }, words)}`,
    by,
    entry: segment.entry,
  };
}

/** "27 Nov 14:00 – 14:20, 20 minutes". */
export function timesOf(
  { from, to, until }: Pick<Bar, 'from' | 'to' | 'until'>,
  { translate, format, locale, now }: LaneWords,
): string {
  const begins = format(from, 'dayAndMinute');
  if (to === null) {
    return until === null
      ? translate('timelines.said.since', { from: begins })
      : translate('timelines.said.until', { from: begins, to: format(until, 'dayAndMinute') });
  }
  const isSameDay = format(from, 'date') === format(to, 'date');
  return translate('timelines.said.between', {
    from: begins,
    to: format(to, isSameDay ? 'minute' : 'dayAndMinute'),
    duration: durationText(Math.max(1, (Math.min(to, now) - from) / 1_000), locale),
  });
}

function toMark(mark: TimelineMark, words: LaneWords): Mark {
  const { id, at, kind, outcome, actor } = mark;
  const isRefused = outcome === 'refused' || outcome === 'failed';
  return {
    id,
    at: Date.parse(at),
    said: words.translate('timelines.said.mark', {
      at: words.format(at, 'minute'),
      actor: actor.name,
      what: words.translate(`ledger.what.${kind}`, { _: kind }),
    }),
    isRefused,
  };
}

/** Tokens that work now, in the lanes of their rooms. */
export function withTokens(
  lanes: readonly Lane[],
  rows: readonly Exposure[],
  words: LaneWords,
  roleName: (key: string) => string,
): Lane[] {
  const tokens = rows.filter(({ source, entrance }) => source === 'issued' && entrance.canComeIn);
  const barsOf = (room: string): Bar[] =>
    tokens
      .filter((token) => token.room === room)
      .map(({ jti, issuedAt, until, template, issuer, issuanceId }) => {
        const times = { from: Date.parse(issuedAt ?? ''), to: null, until: Date.parse(until) };
        const name = template
          ? words.translate('timelines.said.token_as', { role: roleName(template) })
          : words.translate('timelines.said.token');
        const by = issuer?.label ?? null;
        return {
          ...times,
          id: `token ${jti ?? ''}`,
          kind: 'token',
          role: null,
          name,
          said: `${name}: ${timesOf(times, words)}`,
          by,
          entry: issuanceId,
        };
      });
  const known = new Set(lanes.map(({ id }) => id));
  const others = [...new Set(tokens.map(({ room }) => room))].filter((room) => !known.has(room));
  return [
    ...lanes.map((lane) => ({ ...lane, bars: [...lane.bars, ...barsOf(lane.id)] })),
    ...others.map((room) => ({
      id: room,
      label: room,
      to: roomHistoryPath(room),
      bars: barsOf(room),
      marks: [],
    })),
  ];
}

/** The part of a log's query that asks for a text exactly. */
export const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
