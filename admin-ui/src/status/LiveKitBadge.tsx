import { useTranslate } from 'react-admin';
import type { SystemStatus } from '../api/records';
import { StatusBadge, type Tone } from '../shared/StatusBadge';
import './messages.en';

const TONES: Record<SystemStatus['livekit']['state'], Tone> = {
  up: 'good',
  down: 'bad',
  absent: 'pending',
};

/** One that is being installed is not down: it was never there. */
export function LiveKitBadge({ livekit }: { livekit: SystemStatus['livekit'] }) {
  const translate = useTranslate();
  const { state, install } = livekit;
  if (install) {
    const tone = install.state === 'failed' ? 'bad' : 'pending';
    return <StatusBadge tone={tone}>{translate(`status.${install.state}`)}</StatusBadge>;
  }
  return <StatusBadge tone={TONES[state]}>{translate(`status.${state}`)}</StatusBadge>;
}
