import { Controller, Get, Inject } from '@nestjs/common';
import type { z } from 'zod';
import { Alarms } from '../alarms/alarms.service.js';
import { CurrentActor, SignedIn } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { APP_CONFIG, type AppConfig, clientUrlOf } from '../config/app-config.js';
import { LedgerHealth } from '../ledger/sealing/ledger-health.js';
import { LedgerSealing } from '../ledger/sealing/ledger-sealing.js';
import { TreeStore } from '../ledger/sealing/tree-store.js';
import { LedgerStreams } from '../ledger/stream/ledger-streams.js';
import { LedgerWitnesses } from '../ledger/witness/ledger-witnesses.js';
import { holesOf } from '../livekit/known-holes.js';
import { LiveKitHealth } from '../livekit/livekit.health.js';
import { LiveKitInstall } from '../livekit/livekit-install.js';
import { LiveKitVersion } from '../livekit/livekit-version.js';
import { RemoteUnmute, type RemoteUnmuteState } from '../livekit/remote-unmute.js';
import { ProgramLists } from '../reconciler/program-lists.js';
import { ReconcilerService } from '../reconciler/reconciler.service.js';
import { ClockWatch } from './clock-watch.js';
import { SeatReader } from '../seats/public/seats.js';
import { GateCheck } from './gate-check.js';
import { statusResponse } from './status.schemas.js';
import { UsersService } from '../users/users.service.js';
import { version } from '../common/version.js';

@Controller('api/v1')
export class StatusController {
  private readonly startedAt = new Date();

  constructor(
    private readonly health: LiveKitHealth,
    private readonly install: LiveKitInstall,
    private readonly liveKitVersion: LiveKitVersion,
    private readonly remoteUnmute: RemoteUnmute,
    private readonly seats: SeatReader,
    private readonly users: UsersService,
    private readonly reconciler: ReconcilerService,
    private readonly gateCheck: GateCheck,
    private readonly clockWatch: ClockWatch,
    private readonly ledgerHealth: LedgerHealth,
    private readonly sealing: LedgerSealing,
    private readonly tree: TreeStore,
    private readonly witnesses: LedgerWitnesses,
    private readonly streams: LedgerStreams,
    private readonly alarms: Alarms,
    private readonly programs: ProgramLists,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /** What the dashboard shows of the installation itself. */
  @Get('status')
  @ApiDoc({
    summary: 'Read the status of the installation',
    description: 'LiveKit, the gate, the clocks and the sweep, as this server sees them.',
  })
  @SignedIn()
  @Answers(statusResponse)
  async status(@CurrentActor() actor: Actor): Promise<z.infer<typeof statusResponse>> {
    const { livekit, isGateOn, isWhipOn } = this.config;
    const liveKitVersion = await this.liveKitVersion.read();
    return {
      version,
      startedAt: this.startedAt,
      livekit: {
        ...this.health.status,
        url: livekit.url,
        clientUrl: clientUrlOf(this.config),
        version: liveKitVersion,
        knownHoles: liveKitVersion === null ? null : holesOf(liveKitVersion),
        install: this.install.current,
        remoteUnmute: await this.learnRemoteUnmute(),
      },
      gate: isGateOn ? 'on' : 'off',
      whip: isWhipOn ? 'on' : 'off',
      clocks: this.clockWatch.view(),
      gateCheck: await this.gateCheck.read(),
      /** Null on a server that leaves the sweep to another one. */
      sweep: {
        ...this.reconciler.status,
        // It counts rooms and people everywhere.
        round: actor.roomLimit() === null ? this.reconciler.status.round : null,
      },
      programs: this.programs.view,
      alarms: await this.readAlarms(actor),
      ledger: await this.readLedger(actor),
      tokenTtl: this.config.tokenTtl,
      tokenTtlMax: this.config.tokenTtlMax,
      demo: { isPresent: await this.users.hasDemo() },
    };
  }

  private async readAlarms(actor: Actor) {
    if (!actor.can('ledger.read')) return null;
    const kinds = await this.alarms.countOpen(actor.roomsFor('ledger.read'));
    const oldest = kinds.map(({ oldestAt }) => oldestAt).sort((a, b) => a.getTime() - b.getTime());
    return {
      open: kinds.reduce((sum, { count }) => sum + count, 0),
      oldestAt: oldest[0] ?? null,
      kinds: kinds.map(({ kind, count }) => ({ kind, count })),
    };
  }

  /** Where copies go is for those who read the log; the rest says how the log is. */
  private async readLedger(actor: Actor) {
    const mayRead = actor.can('ledger.read');
    const newest = await this.tree.newest();
    const { place, size } = this.sealing.mirrorView;
    return {
      sealing: this.sealing.state,
      sealed: newest && { size: newest.size, at: newest.at },
      mirror: { place: mayRead ? place : '', size },
      witnesses: this.witnesses.view(),
      streams: mayRead ? this.streams.views : [],
      problems: mayRead ? this.ledgerHealth.problems() : [],
    };
  }

  /** It can be learnt only from a participant in a room. */
  private async learnRemoteUnmute(): Promise<RemoteUnmuteState> {
    if (this.remoteUnmute.state !== 'unknown' || this.health.status.state !== 'up') {
      return this.remoteUnmute.state;
    }
    const somebody = await this.seats.findPublishingOnce();
    return somebody ? this.remoteUnmute.learn(somebody.room, somebody.identity) : 'unknown';
  }
}
