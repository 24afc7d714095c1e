import { useTranslate } from 'react-admin';
import type { SystemStatus } from '../api/records';
import { StatusBadge, type Tone } from '../shared/StatusBadge';
import './messages.en';

const TONES: Record<SystemStatus['livekit']['state'], Tone> = {
  up: 'good',
  down: 'bad',
  absent: 'pending',
};

export function LiveKitBadge({ state }: { state: SystemStatus['livekit']['state'] }) {
  const translate = useTranslate();
  return <StatusBadge tone={TONES[state]}>{translate(`status.${state}`)}</StatusBadge>;
}
