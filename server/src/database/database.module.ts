import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { DatabaseClock } from './database-clock.js';
import { Housekeeping } from './housekeeping.js';
import { dataSourceOptions } from './data-source.js';
import { PgPool } from './pg-pool.js';

@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [APP_CONFIG],
      useFactory: (config: AppConfig) => ({
        ...dataSourceOptions(config.databaseUrl),
        // Each feature's module names its own entities.
        autoLoadEntities: true,
        retryAttempts: 5,
        retryDelay: 1_000,
      }),
    }),
  ],
  providers: [DatabaseClock, Housekeeping, PgPool],
  exports: [DatabaseClock, Housekeeping, PgPool],
})
export class DatabaseModule {}
