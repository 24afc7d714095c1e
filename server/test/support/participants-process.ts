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
  /** `identity/source` of tracks that it was subscribed to and that went, with when (epoch, ms). */
  gone: { track: string; at: number }[];
  peers: string[];
  /** Data packets: `sender topic: text`; without a sender where a server sent them. */
  data: string[];
}

/** Something of the one who is watched that came to who watches. */
export interface Sighting {
  /** Milliseconds since 1970. */
  at: number;
  what: string;
}

/** What somebody would like to be taken for. */
export interface Guise {
  name: string;
  metadata: string;
  attributes: Record<string, string>;
}

export type Request =
  | { op: 'join'; who: string; url: string; token: string; isDeaf?: boolean }
  | { op: 'publishVideo' | 'publishAudio' | 'status' | 'sightings' | 'leave'; who: string }
  | { op: 'unpublish'; who: string; trackSid: string }
  | { op: 'sendData'; who: string; topic: string; text: string; to: string[] }
  | { op: 'sendText'; who: string; topic: string; text: string }
  | { op: 'watch'; who: string; identity: string }
  | { op: 'disguise'; who: string; guise: Guise };

type Join = Extract<Request, { op: 'join' }>;

interface Participant {
  room: Room;
  status: Omit<ParticipantStatus, 'peers' | 'token'>;
  timers: NodeJS.Timeout[];
  watched: string | null;
  sightings: Sighting[];
}

const WIDTH = 160;
const HEIGHT = 90;
const FRAME_MS = 100;
const SAMPLE_RATE = 48_000;
const AUDIO_FRAME_MS = 20;
/** Where livekit-client's own chat goes. */
const CHAT_TOPIC = 'lk.chat';

const participants = new Map<string, Participant>();

/** Who is deaf subscribes to nobody: media is most of what participants cost. */
async function join({ who, url, token, isDeaf = false }: Join): Promise<void> {
  const room = new Room();
  const participant: Participant = {
    room,
    status: {
      isConnected: false,
      disconnectReason: null,
      frames: {},
      subscribed: [],
      gone: [],
      data: [],
    },
    timers: [],
    watched: null,
    sightings: [],
  };
  const { status } = participant;
  const saw = (identity: string | undefined, what: string) => {
    if (identity === participant.watched) participant.sightings.push({ at: Date.now(), what });
  };
  room.on(RoomEvent.TrackSubscribed, (track, publication, { identity }) => {
    status.subscribed.push(`${identity}/${publication.source}`);
    saw(identity, `subscribed ${nameOf(publication.source)}`);
    if (track.kind !== TrackKind.KIND_VIDEO) return;
    void (async () => {
      for await (const _ of new VideoStream(track)) {
        status.frames[identity] = (status.frames[identity] ?? 0) + 1;
        saw(identity, 'frame');
      }
    })().catch(() => undefined);
  });
  room.on(RoomEvent.TrackUnsubscribed, (_track, publication, { identity }) => {
    const gone = `${identity}/${publication.source}`;
    const at = status.subscribed.indexOf(gone);
    if (at >= 0) status.subscribed.splice(at, 1);
    status.gone.push({ track: gone, at: Date.now() });
  });
  room.on(RoomEvent.DataReceived, (payload, sender, _kind, topic) => {
    const text = Buffer.from(payload).toString('utf8');
    status.data.push(`${sender?.identity ?? ''} ${topic ?? ''}: ${text}`);
    // LiveKit tells of who publishes nothing some seconds late: until then their packets have no
    // sender for this SDK, as a server's have none. So what has none may be from who is watched.
    saw(sender?.identity ?? participant.watched ?? undefined, `data ${topic ?? ''}: ${text}`);
  });
  room.registerTextStreamHandler(CHAT_TOPIC, (reader, { identity }) => {
    saw(identity, 'chat');
    void reader.readAll().catch(() => undefined);
  });
  room.on(RoomEvent.TrackPublished, ({ source }, { identity }) => {
    saw(identity, `published ${nameOf(source)}`);
  });
  room.on(RoomEvent.ParticipantNameChanged, (name, { identity }) => saw(identity, `name ${name}`));
  room.on(RoomEvent.ParticipantMetadataChanged, (metadata, { identity }) => {
    saw(identity, `metadata ${metadata}`);
  });
  room.on(RoomEvent.ParticipantAttributesChanged, (changed, { identity }) => {
    saw(identity, `attributes ${JSON.stringify(changed)}`);
  });
  room.on(RoomEvent.Disconnected, (reason) => {
    status.isConnected = false;
    status.disconnectReason = reason;
  });
  await room.connect(url, token, { autoSubscribe: !isDeaf, dynacast: false });
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

/** Tries all three; a native client is not told whether LiveKit did it. */
async function disguise({ room }: Participant, guise: Guise): Promise<void> {
  await room.localParticipant?.updateName(guise.name);
  await room.localParticipant?.updateMetadata(guise.metadata);
  await room.localParticipant?.setAttributes(guise.attributes);
}

function nameOf(source: TrackSource | undefined): string {
  const names: Record<number, string> = {
    [TrackSource.SOURCE_CAMERA]: 'camera',
    [TrackSource.SOURCE_MICROPHONE]: 'microphone',
  };
  return names[source ?? -1] ?? 'something';
}

async function leave(who: string, { room, timers }: Participant): Promise<void> {
  timers.forEach(clearInterval);
  participants.delete(who);
  await room.disconnect();
}

async function handle(request: Request): Promise<unknown> {
  if (request.op === 'join') return join(request);
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
        destination_identities: request.to,
      });
    case 'sendText':
      await participant.room.localParticipant?.sendText(request.text, { topic: request.topic });
      return;
    case 'watch':
      participant.watched = request.identity;
      return;
    case 'sightings':
      return participant.sightings;
    case 'disguise':
      return disguise(participant, request.guise);
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
