import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { roomNotFound } from '../../common/errors/refusals.js';
import { FairQueue, QueueRejection } from '../../common/fair-queue.js';
import { exactPattern } from '../../grants/pattern.js';
import type { DossierManifest, DossierRole } from '../../ledger/dossier/dossier-format.js';
import { DossierMaker } from '../../ledger/dossier/dossier-maker.js';
import { SearchPool } from '../../database/search-pool.js';
import { RoomHistory } from '../../ledger/room-history.js';
import { TemplateNames } from '../../role-templates/template-names.js';
import { htmlOf, readDossierPage } from './dossier-page.js';

export interface DossierFile {
  readonly name: string;
  readonly manifest: DossierManifest;
  /** The HTML, in pieces. */
  readonly html: Iterable<string>;
}

export interface DossierQuestion {
  /** Null: the newest one. */
  readonly session: string | null;
  /** The participant that it is for; null: an auditor. */
  readonly whom: string | null;
  /** Whether people are named; undefined: as far as the actor may. */
  readonly people?: boolean | undefined;
}

const QUEUE = { atOnce: 1, perKey: 2, inAll: 10, patienceMs: 20_000 };
/** A dossier is in memory until it is taken. */
const HELD = { atOnce: 4, atOncePerKey: 1, perKey: 2, inAll: 10, patienceMs: 20_000 };

/** One file for each session of a room, which shows and verifies itself. */
@Injectable()
export class DossierService {
  private readonly queue = new FairQueue(QUEUE);
  private readonly held = new FairQueue(HELD);

  constructor(
    private readonly history: RoomHistory,
    private readonly searches: SearchPool,
    private readonly maker: DossierMaker,
    private readonly templates: TemplateNames,
  ) {}

  /** Resolves to what `take` does, which has read the file by then. */
  async make<T>(
    actor: Actor,
    room: string,
    asked: DossierQuestion,
    take: (file: DossierFile) => Promise<T>,
  ): Promise<T> {
    if (!actor.covers('ledger.read', exactPattern(room))) throw roomNotFound();
    const { session, whom } = asked;
    const hasPeople = mayName(actor, room, asked) && whom === null;
    const page = await readDossierPage();
    const { start, next, finish } = await this.searches.inTurn(actor, () =>
      this.find(room, session),
    );
    return this.inTurn(this.held, actor, async () => {
      const { manifest, json } = await this.inTurn(this.queue, actor, () =>
        this.maker.make(actor, {
          room,
          session: start.id,
          startedAt: start.at,
          endedAt: finish ?? next,
          next,
          for: whom,
          hasPeople,
          rolesOf: (keys) => this.rolesOf(keys),
        }),
      );
      return take({ name: nameOf(manifest), manifest, html: htmlOf(page, json) });
    });
  }

  private async find(room: string, session: string | null) {
    const id = session ?? (await this.history.listStarts(room, null, 1))[0]?.id;
    const found = id === undefined ? null : await this.history.findSession(room, id);
    if (!found) {
      throw new AppError('not_found', 'session.not_found', 'The room has no such session.');
    }
    return { ...found, finish: await this.history.findFinish(room, found.start.at, found.next) };
  }

  private async rolesOf(keys: readonly string[]): Promise<DossierRole[]> {
    const known = await this.templates.ofKeys(keys);
    return keys.map((key) => {
      const template = known.get(key);
      return { key, name: template?.name ?? key, color: template?.color || null };
    });
  }

  private async inTurn<T>(
    queue: FairQueue,
    { kind, id }: Actor,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await queue.run(`${kind} ${id ?? ''}`, work);
    } catch (error) {
      if (!(error instanceof QueueRejection)) throw error;
      throw new AppError(
        'unavailable',
        'dossier.busy',
        'Other dossiers are being made; try again.',
        {
          retryAfter: 5,
        },
      );
    }
  }
}

/** Whether people are named. Throws where somebody has to be, without the permission. */
function mayName(actor: Actor, room: string, { whom, people }: DossierQuestion): boolean {
  const may = actor.covers('ledger.export_people', exactPattern(room));
  if (!may && (whom !== null || people === true)) {
    throw new AppError(
      'forbidden',
      'access.denied',
      'A dossier that names somebody needs the permission ledger.export_people for this room.',
      { extra: { permission: 'ledger.export_people' } },
    );
  }
  return may && people !== false;
}

/** Only characters that every file system and header takes. */
function nameOf({ room, startedAt, for: whom, hasPeople }: DossierManifest): string {
  const plain = room
    .replace(/[^a-z0-9]+/gi, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  const at = startedAt.slice(0, 16).replace(/[^0-9]/g, '');
  const version = whom !== null ? '-for-one' : hasPeople ? '' : '-without-names';
  return `dossier-${plain || 'room'}-${at}${version}.html`;
}
