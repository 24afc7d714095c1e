/**
 * A camera and a microphone that need no device: a picture with a running clock, and a soft beep
 * each second. People who watch see at once that it is live and who sends it.
 */
export interface SyntheticTrack {
  track: MediaStreamTrack;
  stop(): void;
}

const WIDTH = 640;
const HEIGHT = 360;
const FRAMES_PER_SECOND = 8;

/** A steady hue for a name, so that two synthetic people differ at a glance. */
export function hueOf(name: string): number {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)!) % 360;
  return hash;
}

export function createSyntheticCamera(label: string): SyntheticTrack {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext('2d')!;
  const hue = hueOf(label);
  let frame = 0;
  const draw = () => {
    frame += 1;
    context.fillStyle = `hsl(${hue} 45% 22%)`;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    context.fillStyle = `hsl(${hue} 60% 34%)`;
    context.fillRect(((frame * 6) % (WIDTH + 120)) - 120, 0, 120, HEIGHT);
    context.fillStyle = '#fff';
    context.textAlign = 'center';
    context.font = '600 84px ui-monospace, monospace';
    context.fillText(new Date().toLocaleTimeString('en-GB'), WIDTH / 2, HEIGHT / 2 + 20);
    context.font = '28px system-ui, sans-serif';
    context.fillText(label, WIDTH / 2, HEIGHT / 2 + 80, WIDTH - 80);
  };
  draw();
  // An interval, not animation frames: those stop while the tab is in the background.
  const timer = window.setInterval(draw, 1000 / FRAMES_PER_SECOND);
  const track = canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks()[0]!;
  return {
    track,
    stop: () => {
      window.clearInterval(timer);
      track.stop();
    },
  };
}

export function createSyntheticMicrophone(label: string): SyntheticTrack {
  const audio = new AudioContext();
  const output = audio.createMediaStreamDestination();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = 330 + hueOf(label);
  volume.gain.value = 0;
  tone.connect(volume).connect(output);
  tone.start();
  const beep = () => {
    volume.gain.setTargetAtTime(0.12, audio.currentTime, 0.02);
    volume.gain.setTargetAtTime(0, audio.currentTime + 0.18, 0.04);
  };
  beep();
  const timer = window.setInterval(beep, 1000);
  const track = output.stream.getAudioTracks()[0]!;
  return {
    track,
    stop: () => {
      window.clearInterval(timer);
      track.stop();
      void audio.close();
    },
  };
}
