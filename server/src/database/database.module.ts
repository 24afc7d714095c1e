import { Global, Logger, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { Connections, openConnections } from './connections.js';
import { DatabaseClock } from './database-clock.js';
import { Housekeeping } from './housekeeping.js';
import { dataSourceOptions } from './data-source.js';
import { PgPool } from './pg-pool.js';
import { SearchPool } from './search-pool.js';

/** Every other part of the database begins when it is known what the addresses lead to. */
@Global()
@Module({
  providers: [
    {
      provide: Connections,
      inject: [APP_CONFIG],
      useFactory: (config: AppConfig) => openConnections(config, new Logger(Connections.name)),
    },
  ],
  exports: [Connections],
})
class ConnectionsModule {}

@Global()
@Module({
  imports: [
    ConnectionsModule,
    TypeOrmModule.forRootAsync({
      inject: [Connections],
      useFactory: (connections: Connections) => ({
        ...dataSourceOptions(connections),
        // Each feature's module names its own entities.
        autoLoadEntities: true,
        retryAttempts: 5,
        retryDelay: 1_000,
      }),
    }),
  ],
  providers: [DatabaseClock, Housekeeping, PgPool, SearchPool],
  exports: [DatabaseClock, Housekeeping, PgPool, SearchPool],
})
export class DatabaseModule {}
