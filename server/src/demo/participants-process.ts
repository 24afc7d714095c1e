/**
 * The synthetic participants of the demo, in a process of their own: real clients of LiveKit that
 * really join, and publish a moving picture and silence while their role lets them. Tokens come over
 * IPC. Ends with its parent.
 */
import {
  AudioFrame,
  AudioSource,
  LocalAudioTrack,
  LocalVideoTrack,
  Room,
  RoomEvent,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoFrame,
  VideoSource,
} from '@livekit/rtc-node';

export interface JoinRequest {
  identity: string;
  url: string;
  token: string;
}

const WIDTH = 320;
const HEIGHT = 180;
const FRAME_MS = 200;
const SAMPLE_RATE = 48_000;
const AUDIO_FRAME_MS = 100;
/** Pictures are drawn once and shown in turns: a demo must not need a processor of its own. */
const PICTURES = 20;
/** LiveKit may lose a track that is published right after a promotion that followed a demotion. */
const SETTLE_MS = 600;

interface Sources {
  camera: boolean;
  microphone: boolean;
}

/** What a token of LiveKit lets its holder publish. */
function allowedBy(token: string): Sources {
  const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    video?: { canPublish?: boolean; canPublishSources?: string[] };
  };
  const { canPublish = false, canPublishSources = [] } = payload.video ?? {};
  const may = (source: string) => canPublish && canPublishSources.includes(source);
  return { camera: may('camera'), microphone: may('microphone') };
}

class Participant {
  private readonly room = new Room();
  private readonly playing = new Map<keyof Sources, { sid?: string; timer: NodeJS.Timeout }>();
  private allowed: Sources = { camera: false, microphone: false };
  private isSettling = false;

  constructor(private readonly hue: number) {}

  /** `onLeft` is called once the room, or LiveKit, has let them go for good. */
  async join({ url, token }: JoinRequest, onLeft: () => void): Promise<void> {
    // The native SDK tells nothing of a changed permission but the token that LiveKit refreshes then.
    this.room.on(RoomEvent.TokenRefreshed, () => this.follow(this.room.token ?? token));
    await this.room.connect(url, token, { autoSubscribe: false, dynacast: false });
    this.room.once(RoomEvent.Disconnected, onLeft);
    this.follow(token);
  }

  private follow(token: string): void {
    this.allowed = allowedBy(token);
    if (this.isSettling) return;
    this.isSettling = true;
    setTimeout(() => {
      this.isSettling = false;
      void this.settle().catch((error: unknown) => console.error(String(error)));
    }, SETTLE_MS);
  }

  private async settle(): Promise<void> {
    for (const source of ['camera', 'microphone'] as const) {
      const playing = this.playing.get(source);
      if (this.allowed[source] && !playing) await this.publish(source);
      if (!this.allowed[source] && playing) await this.end(source, playing);
    }
  }

  private async publish(source: keyof Sources): Promise<void> {
    const options = new TrackPublishOptions();
    options.simulcast = false;
    let track: LocalVideoTrack | LocalAudioTrack;
    let timer: NodeJS.Timeout;
    if (source === 'camera') {
      options.source = TrackSource.SOURCE_CAMERA;
      const video = new VideoSource(WIDTH, HEIGHT);
      track = LocalVideoTrack.createVideoTrack('camera', video);
      const pictures = Array.from({ length: PICTURES }, (_, step) => picture(this.hue, step));
      let tick = 0;
      timer = setInterval(() => {
        video.captureFrame(pictures[tick++ % PICTURES] as VideoFrame);
      }, FRAME_MS);
    } else {
      options.source = TrackSource.SOURCE_MICROPHONE;
      const audio = new AudioSource(SAMPLE_RATE, 1);
      track = LocalAudioTrack.createAudioTrack('microphone', audio);
      const samples = (SAMPLE_RATE / 1000) * AUDIO_FRAME_MS;
      timer = setInterval(() => {
        const frame = new AudioFrame(new Int16Array(samples), SAMPLE_RATE, 1, samples);
        void audio.captureFrame(frame).catch(() => undefined);
      }, AUDIO_FRAME_MS);
    }
    this.playing.set(source, { timer });
    try {
      const publication = await this.room.localParticipant?.publishTrack(track, options);
      this.playing.set(source, { timer, sid: publication?.sid });
    } catch {
      clearInterval(timer); // the right was gone again before it arrived
      this.playing.delete(source);
    }
  }

  private async end(
    source: keyof Sources,
    { sid, timer }: { sid?: string; timer: NodeJS.Timeout },
  ): Promise<void> {
    clearInterval(timer);
    this.playing.delete(source);
    // The server has ended it already; this frees the native side.
    if (sid) await this.room.localParticipant?.unpublishTrack(sid).catch(() => undefined);
  }
}

/** A bright bar that walks over a coloured ground, so that one sees that it lives. */
function picture(hue: number, step: number): VideoFrame {
  const pixels = new Uint8Array(WIDTH * HEIGHT * 4);
  const ground = [60 + (hue % 97), 60 + ((hue * 7) % 101), 60 + ((hue * 13) % 103)];
  const bar = (step * WIDTH) / PICTURES;
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const at = (y * WIDTH + x) * 4;
      const light = x >= bar && x < bar + 16 ? 110 : (y * 40) / HEIGHT;
      for (let c = 0; c < 3; c++) pixels[at + c] = Math.min(255, (ground[c] as number) + light);
      pixels[at + 3] = 255;
    }
  }
  return new VideoFrame(pixels, WIDTH, HEIGHT, VideoBufferType.RGBA);
}

function hueOf(identity: string): number {
  return [...identity].reduce((sum, char) => (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973, 7);
}

let present = 0;

process.on('message', (request: JoinRequest) => {
  new Participant(hueOf(request.identity)).join(request, leave).then(
    () => {
      present += 1;
      process.send?.({ identity: request.identity, isJoined: true });
    },
    (error: unknown) =>
      process.send?.({ identity: request.identity, isJoined: false, error: String(error) }),
  );
});

/** Sample data may be removed through another server than the one that started this process. */
function leave(): void {
  present -= 1;
  if (present === 0) process.exit(0);
}

// The native library keeps threads; when the parent goes, this process goes at once.
process.on('disconnect', () => process.exit(0));
