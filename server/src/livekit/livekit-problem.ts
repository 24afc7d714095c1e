/** Why calls of LiveKit's API do not work, told apart by what each needs from an admin. */
export const LIVEKIT_PROBLEMS = [
  'unreachable',
  'timeout',
  'unknown_key',
  'wrong_secret',
  'clock',
  'refused',
  'redirect',
  'not_found',
  'not_livekit',
  'failing',
] as const;

export type LiveKitProblem = (typeof LIVEKIT_PROBLEMS)[number];
