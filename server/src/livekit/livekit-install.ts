import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { LiveKitHealth } from './livekit.health.js';

const install = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('installing'),
    version: z.string(),
    /** What is done now, such as `downloading, 3.1 of 18.1 MB`. */
    text: z.string(),
    percent: z.number().nullable(),
    since: z.iso.datetime(),
  }),
  z.object({
    state: z.literal('failed'),
    version: z.string(),
    /** Every way that was tried, with its cause. */
    text: z.string(),
    hint: z.string().nullable(),
    since: z.iso.datetime(),
    retryAt: z.iso.datetime(),
  }),
]);

/** What the launcher says over the channel between the two processes. */
const message = z.object({ type: z.literal('rolecall.livekit'), install: install.nullable() });

export type LiveKitInstallState = z.infer<typeof install>;

/** How the launcher gets on with installing a LiveKit server; null: it is not installing one. */
@Injectable()
export class LiveKitInstall {
  private state: LiveKitInstallState | null = null;

  constructor(private readonly health: LiveKitHealth) {}

  get current(): LiveKitInstallState | null {
    return this.health.status.state === 'up' ? null : this.state;
  }

  /** Takes a message of the process that started this one; those of others are ignored. */
  note(text: unknown): void {
    const { data, success } = message.safeParse(text);
    if (!success) return;
    const wasMissing = this.state !== null;
    this.state = data.install;
    if (wasMissing && data.install === null) void this.health.probe();
  }
}
