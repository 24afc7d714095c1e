import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Guise, ParticipantStatus, Request, Sighting } from './participants-process.js';

/** A real participant: LiveKit's native SDK, in another process. */
export interface Participant {
  /** Answers with the sid of the track; fails when LiveKit refuses it (after 10 s). */
  publishVideo(): Promise<string>;
  publishAudio(): Promise<string>;
  /** As a client does that hears of its demotion; needed before it can publish again. */
  unpublish(trackSid: string): Promise<void>;
  /** To everybody in the room, or to these. */
  sendData(topic: string, text: string, to?: string[]): Promise<void>;
  /** As a chat does; `lk.chat` is the topic that is listened to. */
  sendText(topic: string, text: string): Promise<void>;
  /** From now on keeps what comes from this one: tracks, frames, data, chat, other names. */
  watch(identity: string): Promise<void>;
  /** All of it, oldest first. */
  sightings(): Promise<Sighting[]>;
  /** Tries to be taken for somebody else; says nothing of whether LiveKit did it. */
  disguise(guise: Guise): Promise<void>;
  status(): Promise<ParticipantStatus>;
  leave(): Promise<void>;
}

export interface ParticipantProcess {
  join(who: string, url: string, token: string): Promise<Participant>;
  /** Kills every participant of this process, without a goodbye. */
  kill(): void;
  stop(): Promise<void>;
}

type Distributed<T> = T extends unknown ? Omit<T, 'who'> : never;

/** One process for the participants of one test file; keep it under 60 of them. */
export function startParticipants(): ParticipantProcess {
  const child: ChildProcess = fork(
    fileURLToPath(new URL('./participants-process.ts', import.meta.url)),
    [],
    {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  const waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  let nextId = 0;
  child.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
    const waiter = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) waiter?.resolve(value);
    else waiter?.reject(new Error(error));
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error('the participants have ended'));
    waiting.clear();
  });

  const ask = <T>(request: Request): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      child.send({ id, request });
    });

  return {
    join: async (who, url, token) => {
      await ask<void>({ op: 'join', who, url, token });
      const tell = <T>(request: Distributed<Request>) => ask<T>({ ...request, who });
      return {
        publishVideo: () => tell<string>({ op: 'publishVideo' }),
        publishAudio: () => tell<string>({ op: 'publishAudio' }),
        sendData: (topic, text, to = []) => tell<void>({ op: 'sendData', topic, text, to }),
        sendText: (topic, text) => tell<void>({ op: 'sendText', topic, text }),
        watch: (identity) => tell<void>({ op: 'watch', identity }),
        sightings: () => tell<Sighting[]>({ op: 'sightings' }),
        disguise: (guise) => tell<void>({ op: 'disguise', guise }),
        unpublish: (trackSid) => tell<void>({ op: 'unpublish', trackSid }),
        status: () => tell<ParticipantStatus>({ op: 'status' }),
        leave: () => tell<void>({ op: 'leave' }),
      };
    },
    kill: () => void child.kill('SIGKILL'),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.disconnect();
        const timer = setTimeout(() => child.kill('SIGKILL'), 1_500);
        await ended;
        clearTimeout(timer);
      }
    },
  };
}
