import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AlarmWatch } from './alarms/alarm-watch.js';
import { AppLogger } from './common/app-logger.js';
import {
  type AppConfig,
  localUrl,
  parseConfig,
  SHORT_LIVED_VARIABLES,
} from './config/app-config.js';
import { ConfigError } from './config/config-error.js';
import { forgetPgVariables } from './config/postgres-url.js';
import { createApp } from './create-app.js';
import { DemoService } from './demo/demo.service.js';
import { startSealing } from './ledger/sealing/start-sealing.js';
import { describeFirstAdmin } from './start/create-first-admin.js';
import { listen } from './listen.js';
import { LiveKitHealth } from './livekit/livekit.health.js';
import { LiveKitInstall } from './livekit/livekit-install.js';
import { FirstStart } from './start/first-start.js';

async function start(): Promise<void> {
  forgetPgVariables();
  const config = parseConfig(process.env);
  const unneeded = SHORT_LIVED_VARIABLES.filter((name) => process.env[name]);
  forgetOwner(config);
  const app = await createApp(config);
  const stop = (): void => {
    // A second signal, or a shutdown that hangs, must not keep the process.
    setTimeout(() => process.exit(1), 8_000).unref();
    void app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // npm start says how it gets on with installing LiveKit.
  process.on('message', (message) => app.get(LiveKitInstall).note(message));
  // Listening comes first: /healthz answers at once, and /readyz says 503 until all is prepared.
  await listen(app, config);
  const admin = await app.get(FirstStart).prepare();
  startSealing(app);
  app.get(AlarmWatch).start();
  if (admin) console.log(describeFirstAdmin(admin));
  config.adminPassword = null;
  for (const name of unneeded) {
    app
      .get(AppLogger)
      .warn(`${name} stays readable in this process' environment; give it to migrate.js alone`);
  }
  if (config.demo !== 'off') {
    console.log(`Demo: sample rooms and people; ${whenTheyJoin(app)}`);
    void app.get(DemoService).start(config.demo);
  }
  const address = localUrl(config);
  if (config.publicUrl !== address) console.log(`Browsers use ${config.publicUrl}`);
  console.log(`Rolecall is ready at ${address}`);
}

function whenTheyJoin(app: NestFastifyApplication): string {
  const { state } = app.get(LiveKitHealth).status;
  const install = app.get(LiveKitInstall).current;
  if (state === 'up') return 'their synthetic participants join in a moment.';
  if (install?.state === 'failed' || state === 'absent') {
    return 'nobody joins them without a LiveKit server.';
  }
  return install
    ? 'their synthetic participants join when LiveKit is installed.'
    : 'their synthetic participants join when LiveKit answers.';
}

/** What a server that runs has no use for, and its children do not inherit. */
function forgetOwner(config: AppConfig): void {
  config.databaseMigrationUrl = config.databaseUrl;
  for (const name of SHORT_LIVED_VARIABLES) delete process.env[name];
}

start().catch((error: unknown) => {
  if (error instanceof ConfigError) console.error(error.message);
  else console.error('Rolecall cannot start:', error instanceof Error ? error.message : error);
  process.exit(1);
});
