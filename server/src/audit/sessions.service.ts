import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { roomNotFound } from '../common/errors/refusals.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { SearchPool } from '../database/search-pool.js';
import { exactPattern } from '../grants/pattern.js';
import { RoomHistory, type RoomStart } from '../ledger/room-history.js';
import { LEEWAY_MS } from './exposure.js';
import { amongTokens, type Connection, connectionsOf, isUnseen } from './lineage.js';
import type { SessionsQuery } from './sessions.schemas.js';

const MAX_ENTRIES = 4_000;
const MAX_CONNECTIONS = 500;
/** Whose tokens are looked up, where no gate saw them come. */
const MAX_LOOKED_UP = 50;
const MAX_TOKENS = 20;
/** Admissions come before the room is started. */
const BEFORE_MS = 100_000;

/** The sessions of a room, and which issued token each connection in them came from. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly searches: SearchPool,
    private readonly history: RoomHistory,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /** From the log, so a room that was deleted has its sessions as well. */
  async list(actor: Actor, room: string, query: SessionsQuery) {
    if (!actor.covers('ledger.read', exactPattern(room))) throw roomNotFound();
    return this.searches.inTurn(actor, () => this.page(room, query));
  }

  private async page(room: string, { limit, cursor, identity }: SessionsQuery) {
    const starts = await this.history.listStarts(room, cursor, limit + 1);
    const page = starts.slice(0, limit);
    // The next one that started, where this page does not have it.
    const after = cursor;
    const data = await Promise.all(
      page.map((start, i) => this.session(room, start, page[i - 1]?.at ?? after, identity)),
    );
    const last = page.at(-1);
    return {
      data,
      pageInfo: { next: starts.length > limit && last ? last.at.toISOString() : null, prev: null },
    };
  }

  private async session(room: string, start: RoomStart, next: Date | null, identity?: string) {
    const finish = await this.history.findFinish(room, start.at, next);
    const endedAt = finish ?? next;
    const from = new Date(start.at.getTime() - BEFORE_MS);
    const entries = await this.history.listComings(room, identity, from, endedAt, MAX_ENTRIES + 1);
    const all = connectionsOf(entries, start.at);
    const connections = await this.withCandidates(room, all.slice(0, MAX_CONNECTIONS));
    return {
      id: start.id,
      roomSid: start.sid,
      startedAt: start.at,
      endedAt,
      isRunning: endedAt === null,
      connections,
      isPartial: entries.length > MAX_ENTRIES || all.length > MAX_CONNECTIONS,
    };
  }

  private async withCandidates(
    room: string,
    connections: readonly Connection[],
  ): Promise<Connection[]> {
    const longestMs = this.config.tokenTtlMax * 1_000 + LEEWAY_MS;
    const unseen = connections.filter(isUnseen).slice(0, MAX_LOOKED_UP);
    const known = new Map(
      await Promise.all(
        unseen.map(async (connection) => {
          const { identity, joinedAt } = connection;
          const from = new Date(joinedAt.getTime() - longestMs);
          const tokens = await this.history.listTokens(room, identity, from, joinedAt, MAX_TOKENS);
          return [connection, amongTokens(connection, tokens, LEEWAY_MS)] as const;
        }),
      ),
    );
    return connections.map((connection) => known.get(connection) ?? connection);
  }
}
