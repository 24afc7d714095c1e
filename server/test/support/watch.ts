import type { LiveKitParticipant, LiveScene } from './live-scene.js';

/** One look at LiveKit's own list of who is in the room. */
export interface Look {
  readonly askedAt: number;
  readonly answeredAt: number;
  /** Undefined while they are not in the room. */
  readonly participant: LiveKitParticipant | undefined;
}

export interface Watch {
  /** Oldest first. */
  readonly looks: readonly Look[];
  stop(): Promise<void>;
}

/** A look takes some three milliseconds; more often would only slow down what is looked at. */
const BREATH_MS = 10;

/** Looks at somebody all the time: what they may for a moment only is seen as well. */
export function watchParticipant(scene: LiveScene, room: string, identity: string): Watch {
  const looks: Look[] = [];
  let isStopped = false;
  const watching = (async () => {
    while (!isStopped) {
      const askedAt = Date.now();
      const participant = await scene.participant(room, identity);
      looks.push({ askedAt, answeredAt: Date.now(), participant });
      await new Promise((resolve) => setTimeout(resolve, BREATH_MS));
    }
  })();
  watching.catch(() => undefined); // told when it is stopped
  return {
    looks,
    stop: () => {
      isStopped = true;
      return watching;
    },
  };
}

/** What others could get of somebody, and what they do get. */
export function reachOf(participant: LiveKitParticipant | undefined): string[] {
  const { permission = {}, tracks = [] } = participant ?? {};
  // For LiveKit, none in the list are all.
  const { can_publish_sources: sources = [] } = permission;
  const publish = sources.length > 0 ? sources : ['ANYTHING'];
  return [
    ...(permission.can_publish ? publish.map((source) => `may publish ${source}`) : []),
    ...(permission.can_publish_data ? ['may send data'] : []),
    ...tracks.map(({ source = 'UNKNOWN' }) => `publishes ${source}`),
  ];
}
