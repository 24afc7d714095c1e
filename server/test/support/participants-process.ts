/**
 * Runs real participants (LiveKit's native SDK) in a process of their own, driven over IPC by
 * `participants.ts`: the native library keeps threads that would outlive a test file.
 * Started by Node itself, which strips the types.
 */
import {
  AudioFrame,
  AudioSource,
  dispose,
  LocalAudioTrack,
  LocalVideoTrack,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoFrame,
  VideoSource,
  VideoStream,
} from '@livekit/rtc-node';

export interface ParticipantStatus {
  isConnected: boolean;
  disconnectReason: number | null;
  /** The newest token that LiveKit refreshed for it. */
  token: string | null;
  /** Identity → frames of video received from it. */
  frames: Record<string, number>;
  /** `identity/source` of the tracks that it is subscribed to now. */
  subscribed: string[];
  peers: string[];
  /** Data packets: `sender topic: text`; without a sender where a server sent them. */
  data: string[];
}

export type Request =
  | { op: 'join'; who: string; url: string; token: string }
  | { op: 'publishVideo' | 'publishAudio' | 'status' | 'leave'; who: string }
  | { op: 'unpublish'; who: string; trackSid: string }
  | { op: 'sendData'; who: string; topic: string; text: string };

interface Participant {
  room: Room;
  status: Omit<ParticipantStatus, 'peers' | 'token'>;
  timers: NodeJS.Timeout[];
}

const WIDTH = 160;
const HEIGHT = 90;
const FRAME_MS = 100;
const SAMPLE_RATE = 48_000;
const AUDIO_FRAME_MS = 20;

const participants = new Map<string, Participant>();

async function join(who: string, url: string, token: string): Promise<void> {
  const room = new Room();
  const participant: Participant = {
    room,
    status: { isConnected: false, disconnectReason: null, frames: {}, subscribed: [], data: [] },
    timers: [],
  };
  const { status } = participant;
  room.on(RoomEvent.TrackSubscribed, (track, publication, { identity }) => {
    status.subscribed.push(`${identity}/${publication.source}`);
    if (track.kind !== TrackKind.KIND_VIDEO) return;
    void (async () => {
      for await (const _ of new VideoStream(track)) {
        status.frames[identity] = (status.frames[identity] ?? 0) + 1;
      }
    })().catch(() => undefined);
  });
  room.on(RoomEvent.TrackUnsubscribed, (_track, publication, { identity }) => {
    const at = status.subscribed.indexOf(`${identity}/${publication.source}`);
    if (at >= 0) status.subscribed.splice(at, 1);
  });
  room.on(RoomEvent.DataReceived, (payload, sender, _kind, topic) => {
    const text = Buffer.from(payload).toString('utf8');
    status.data.push(`${sender?.identity ?? ''} ${topic ?? ''}: ${text}`);
  });
  room.on(RoomEvent.Disconnected, (reason) => {
    status.isConnected = false;
    status.disconnectReason = reason;
  });
  await room.connect(url, token, { autoSubscribe: true, dynacast: false });
  status.isConnected = true;
  participants.set(who, participant);
}

async function publishVideo({ room, timers }: Participant): Promise<string | undefined> {
  const source = new VideoSource(WIDTH, HEIGHT);
  const options = new TrackPublishOptions();
  options.source = TrackSource.SOURCE_CAMERA;
  options.simulcast = false;
  const track = LocalVideoTrack.createVideoTrack('camera', source);
  const publication = await room.localParticipant?.publishTrack(track, options);
  let shade = 0;
  timers.push(
    setInterval(() => {
      const pixels = new Uint8Array(WIDTH * HEIGHT * 4).fill((shade += 5) % 255);
      source.captureFrame(new VideoFrame(pixels, WIDTH, HEIGHT, VideoBufferType.RGBA));
    }, FRAME_MS),
  );
  return publication?.sid;
}

async function publishAudio({ room, timers }: Participant): Promise<string | undefined> {
  const source = new AudioSource(SAMPLE_RATE, 1);
  const options = new TrackPublishOptions();
  options.source = TrackSource.SOURCE_MICROPHONE;
  const track = LocalAudioTrack.createAudioTrack('microphone', source);
  const publication = await room.localParticipant?.publishTrack(track, options);
  const samples = (SAMPLE_RATE / 1000) * AUDIO_FRAME_MS;
  timers.push(
    setInterval(() => {
      const frame = new AudioFrame(new Int16Array(samples), SAMPLE_RATE, 1, samples);
      void source.captureFrame(frame).catch(() => undefined);
    }, AUDIO_FRAME_MS),
  );
  return publication?.sid;
}

async function leave(who: string, { room, timers }: Participant): Promise<void> {
  timers.forEach(clearInterval);
  participants.delete(who);
  await room.disconnect();
}

async function handle(request: Request): Promise<unknown> {
  if (request.op === 'join') return join(request.who, request.url, request.token);
  const participant = participants.get(request.who);
  if (!participant) throw new Error(`${request.who} has not joined`);
  switch (request.op) {
    case 'publishVideo':
      return publishVideo(participant);
    case 'publishAudio':
      return publishAudio(participant);
    case 'unpublish':
      return participant.room.localParticipant?.unpublishTrack(request.trackSid);
    case 'sendData':
      return participant.room.localParticipant?.publishData(Buffer.from(request.text), {
        reliable: true,
        topic: request.topic,
      });
    case 'leave':
      return leave(request.who, participant);
    case 'status':
      return {
        ...participant.status,
        token: participant.room.token ?? null,
        peers: [...participant.room.remoteParticipants.keys()],
      } satisfies ParticipantStatus;
  }
}

process.on('message', ({ id, request }: { id: number; request: Request }) => {
  handle(request).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});

process.on('disconnect', () => {
  void Promise.allSettled([...participants].map(([who, participant]) => leave(who, participant)))
    .then(() => dispose())
    .finally(() => process.exit(0));
});
