import type { SceneRule } from '../grants/policy.js';

export interface BuiltInScene {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly rules: readonly SceneRule[];
}

/** What every lock keeps unless somebody says otherwise. */
export const KEPT_BY_LOCK = ['host'];

/** Nobody but `keep` may publish or send data. */
export function lockRules(keep: readonly string[]): SceneRule[] {
  return [...new Set(keep)]
    .map((key): SceneRule => ({ from: key, to: key }))
    .concat([{ from: '*', to: null }]);
}

/** Places to begin: they can be entered and copied, not changed. */
export const BUILT_IN_SCENES: readonly BuiltInScene[] = [
  {
    id: '00000000-0000-4000-8000-5ce0e0000001',
    name: 'Lock',
    description: 'Nobody but hosts may publish, and the chat is off.',
    rules: lockRules(KEPT_BY_LOCK),
  },
  {
    id: '00000000-0000-4000-8000-5ce0e0000002',
    name: 'Q&A',
    description:
      'The stage keeps camera and microphone without screens; people who are promoted speak.',
    rules: [
      { from: 'presenter', to: 'speaker' },
      { from: 'camera-only', to: 'viewer' },
    ],
  },
  {
    id: '00000000-0000-4000-8000-5ce0e0000003',
    name: 'Keynote',
    description: 'Only hosts and presenters are heard and seen; everybody may chat.',
    rules: [
      { from: 'speaker', to: 'viewer' },
      { from: 'camera-only', to: 'viewer' },
    ],
  },
];
