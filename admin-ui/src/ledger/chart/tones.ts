import type { Tone } from '../../shared/StatusBadge';

/** What came of an act, as a few looks; the words of the outcomes are the messages'. */
export const TONES: Record<string, Tone> = {
  ok: 'good',
  applied: 'good',
  refused: 'bad',
  failed: 'bad',
  pending: 'pending',
  intent: 'info',
  superseded: 'neutral',
};

/**
 * The layers of a bar, from the bottom, with the outcomes that each counts. Intents are not counted:
 * what came of them is.
 */
export const LAYERS = [
  { id: 'done', outcomes: ['ok', 'applied'] },
  { id: 'open', outcomes: ['pending', 'superseded'] },
  { id: 'refused', outcomes: ['refused', 'failed'] },
] as const;
export type LayerId = (typeof LAYERS)[number]['id'];

export type Counts = Readonly<Record<string, number>>;

export const countOf = (counts: Counts, layer: (typeof LAYERS)[number]) =>
  layer.outcomes.reduce((sum, outcome) => sum + (counts[outcome] ?? 0), 0);

export const totalOf = (counts: Counts) =>
  LAYERS.reduce((sum, layer) => sum + countOf(counts, layer), 0);
