/**
 * The LiveKit double as a process of its own, so that a benchmark does not share a thread with what
 * it measures. Started by Node itself with an IPC channel:
 *
 *   const child = fork('server/test/support/livekit-double/process.ts', [JSON.stringify(options)]);
 *   // its first message: { ready: { url, httpUrl, apiKey, apiSecret } }
 *   child.send({ id, op: 'join', args: [[{ room, identity, permission }, …]] });  // → { id, value }
 */
import { LiveKitDouble } from './livekit-double.ts';
import type { Fault, Permission, WebhookMode } from './model.ts';

const livekit = await LiveKitDouble.start(
  JSON.parse(process.argv[2] ?? '{}') as Parameters<typeof LiveKitDouble.start>[0],
);
const faults = new Map<number, () => void>();
let nextFault = 0;

const operations = {
  openRoom: (name: string) => livekit.openRoom(name),
  join: (people: { room: string; identity: string; permission: Permission }[]) => {
    for (const person of people) livekit.join(person);
  },
  /** As many tracks as may be published, of these sources. */
  publish: (room: string, identities: string[], sources: ('CAMERA' | 'MICROPHONE')[]) => {
    for (const identity of identities) {
      for (const source of sources) livekit.person(room, identity).publish(source);
    }
  },
  leave: (room: string, identities: string[]) => {
    for (const identity of identities) livekit.find(room, identity)?.leave();
  },
  people: (room: string) =>
    livekit.people(room).map(({ identity, sid, permission, tracks }) => {
      return { identity, sid, permission, tracks };
    }),
  /** Gives somebody rights behind everybody's back, so that there is something to repair. */
  drift: (room: string, identities: string[], permission: Permission) => {
    for (const identity of identities) livekit.person(room, identity).permission = permission;
  },
  /** How many in the room have another right to publish than this. */
  differing: (room: string, canPublish: boolean) =>
    livekit.people(room).filter(({ permission }) => permission.canPublish !== canPublish).length,
  webhooks: (mode: WebhookMode) => {
    livekit.webhooks.mode = mode;
  },
  webhookUrl: (url: string | null) => {
    livekit.webhooks.to = () => url;
  },
  /** When every webhook has been answered. */
  idle: () => livekit.webhooks.idle(),
  inject: (fault: Fault) => {
    faults.set(++nextFault, livekit.inject(fault));
    return nextFault;
  },
  endFault: (id: number) => faults.get(id)?.(),
  heal: () => livekit.heal(),
  restart: () => livekit.restart(),
  crash: () => livekit.crash(),
  hasRoom: (name: string) => livekit.hasRoom(name),
  /** Of the clock that the history goes by. */
  now: () => performance.now(),
  calls: () => livekit.callsByMethod(),
  history: () => livekit.history,
  resetCounters: () => livekit.resetCounters(),
  cpu: () => process.cpuUsage(),
};

type Operation = keyof typeof operations;

process.on('message', (message: { id: number; op: Operation; args?: unknown[] }) => {
  const { id, op, args = [] } = message;
  const operation = operations[op] as (...values: unknown[]) => unknown;
  Promise.resolve()
    .then(() => operation(...args))
    .then(
      (value) => process.send?.({ id, value }),
      (error: unknown) => process.send?.({ id, error: String(error) }),
    );
});
process.on('disconnect', () => process.exit());

const { url, httpUrl, apiKey, apiSecret } = livekit;
process.send?.({ ready: { url, httpUrl, apiKey, apiSecret } });
