import { Controller, Get } from '@nestjs/common';
import { Public } from '../access/access.decorators.js';
import { PgPool } from '../database/pg-pool.js';

@Controller()
export class HealthController {
  constructor(private readonly pg: PgPool) {}

  @Get('healthz')
  @Public('probes do not sign in; says only that the process lives')
  healthz() {
    return { status: 'ok' };
  }

  /** 503 (from the filter) while the database cannot be reached. */
  @Get('readyz')
  @Public('probes do not sign in; says only whether requests can be served')
  async readyz() {
    await this.pg.query('readyz', 'SELECT 1', [], 1_500);
    return { status: 'ready' };
  }
}
