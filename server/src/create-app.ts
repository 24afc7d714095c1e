import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { AppLogger } from './common/app-logger.js';
import type { AppConfig } from './config/app-config.js';
import { configureApp, createAdapter } from './configure-app.js';

/** The whole app, not yet listening. `main` and every test build it here. */
export async function createApp(config: AppConfig): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with(config),
    createAdapter(config),
    {
      bodyParser: false,
      forceCloseConnections: true,
      abortOnError: false,
      logger: new AppLogger({
        ...config,
        logLevel: config.logLevel === 'info' ? 'warn' : config.logLevel,
      }),
      routeConflictPolicy: { duplicate: 'error' },
    },
  );
  await configureApp(app, config);
  return app;
}
