import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError, type AppErrorKind } from '../common/errors/app-error.js';
import { exactPattern } from '../grants/pattern.js';
import { LedgerReader, toIssuance } from '../ledger/ledger-reader.js';
import type { CameInWith } from '../ledger/lineage.schemas.js';
import { SeatOrigins } from '../seats/public/policy.js';
import { SeatReader } from '../seats/public/seats.js';
import type { Lineage } from './lineage.js';
import { SessionsService } from './sessions.service.js';

const UNLOGGED: Lineage = {
  through: 'unknown',
  jti: null,
  candidates: [],
  text: 'The log has no join of this connection.',
};

const NOT_READ: Lineage = {
  ...UNLOGGED,
  text: 'The log could not be searched now; look again in a moment.',
};
const BUSY: readonly AppErrorKind[] = ['unavailable', 'too_many'];

/** Which issued token somebody who is in a room now came in with. */
@Injectable()
export class SeatLineage implements OnModuleInit {
  constructor(
    private readonly origins: SeatOrigins,
    private readonly seats: SeatReader,
    private readonly sessions: SessionsService,
    private readonly ledger: LedgerReader,
  ) {}

  onModuleInit(): void {
    this.origins.provide((actor, room, identity) => this.read(actor, room, identity));
  }

  private async read(actor: Actor, room: string, identity: string): Promise<CameInWith | null> {
    if (!actor.covers('ledger.read', exactPattern(room))) return null;
    const seat = await this.seats.find(room, identity);
    if (!seat?.isPresent) return null;
    const query = { limit: 1, cursor: null, identity };
    const data = await this.sessions.list(actor, room, query).then(
      (page) => page.data,
      (error: unknown) => {
        // A busy log takes nothing else from the seat.
        if (error instanceof AppError && BUSY.includes(error.kind)) return null;
        throw error;
      },
    );
    if (!data) return { ...NOT_READ, candidates: [], issuance: null };
    const connections = data.flatMap((session) => session.connections);
    const connection = connections.findLast(({ sid }) => sid === seat.sid);
    const lineage = connection?.lineage ?? UNLOGGED;
    return {
      ...lineage,
      candidates: [...lineage.candidates],
      issuance: lineage.jti === null ? null : await this.issuance(actor, lineage.jti),
    };
  }

  private async issuance(actor: Actor, jti: string): Promise<CameInWith['issuance']> {
    try {
      const {
        id,
        at,
        actor: issuer,
        template,
        version,
        expiresAt,
      } = toIssuance(await this.ledger.findToken(actor, { jti }));
      return { id, at, issuer, template, version, expiresAt };
    } catch (error) {
      if (error instanceof AppError && error.kind === 'not_found') return null;
      throw error;
    }
  }
}
