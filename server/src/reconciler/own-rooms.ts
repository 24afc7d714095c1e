import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { literalRuns, runsMatch } from '../grants/pattern.js';

/** Which rooms of LiveKit nobody but Rolecall makes: in the others, others may do what they like. */
@Injectable()
export class OwnRooms {
  private readonly patterns: readonly (readonly string[])[];

  constructor(@Inject(APP_CONFIG) { livekitRooms }: AppConfig) {
    this.patterns = livekitRooms.map(literalRuns);
  }

  isOwn(name: string): boolean {
    return this.patterns.some((runs) => runsMatch(runs, name));
  }
}
