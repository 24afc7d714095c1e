import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { parseLedgerId } from '../ledger-entry.js';
import { ArchiveStore } from './archive-store.js';

/** Says of an entry that is not there whether a rule let it go. */
@Injectable()
export class ForgottenEntries {
  constructor(private readonly archives: ArchiveStore) {}

  /** Tokens from before then may have been issued without being in the log any longer; null: none may. */
  tokensUntil(): Promise<Date | null> {
    return this.archives.newestForgottenToken();
  }

  /** Null: nothing says that there ever was one, or not to them: its room is not known any longer. */
  async problemOf(actor: Actor, id: string): Promise<AppError | null> {
    const ref = parseLedgerId(id);
    if (!ref || actor.roomsFor('ledger.read') !== null) return null;
    const archive = await this.archives.archiveOf(ref.shard, ref.seq);
    // The time is a part of the id: an id that somebody made up is not that of a forgotten entry.
    const at = Number(ref.atMicros) / 1_000;
    if (!archive || at < archive.from.getTime() || at > archive.to.getTime() + 1) return null;
    const { rule, entry, forgottenAt, entries } = archive;
    const { id: ruleId, group, kinds, rooms, keepDays } = rule;
    return new AppError(
      'gone',
      'ledger.forgotten',
      `The entry was forgotten by a rule that keeps such entries for ${keepDays} days. Its leaf is still in the tree.`,
      {
        extra: {
          forgotten: {
            rule: { id: ruleId, group, kinds, rooms, keepDays },
            archive: archive.id,
            file: archive.file,
            entries,
            entry,
            at: forgottenAt,
          },
        },
      },
    );
  }
}
