import 'reflect-metadata';
import { ConfigError, localUrl, parseConfig } from './config/app-config.js';
import { createApp } from './create-app.js';
import { DemoService } from './demo/demo.service.js';
import { FirstStart } from './start/first-start.js';

async function start(): Promise<void> {
  const config = parseConfig(process.env);
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
  // Listening comes first: /healthz answers at once, and /readyz says 503 until all is prepared.
  await app.listen({ host: config.host, port: config.port });
  const admin = await app.get(FirstStart).prepare();
  if (admin) {
    console.log(`First sign-in: ${admin.email}`);
    console.log(
      admin.password === null
        ? 'Password: the one in ROLECALL_ADMIN_PASSWORD'
        : `Password: ${admin.password}   (shown once: keep it, and change it under Account)`,
    );
  }
  if (config.demo !== 'off') {
    console.log('Demo: sample rooms and people; their synthetic participants join in a moment.');
    void app.get(DemoService).start(config.demo);
  }
  const address = localUrl(config);
  if (config.publicUrl !== address) console.log(`Browsers use ${config.publicUrl}`);
  console.log(`Rolecall is ready at ${address}`);
}

start().catch((error: unknown) => {
  if (error instanceof ConfigError) console.error(error.message);
  else console.error('Rolecall cannot start:', error instanceof Error ? error.message : error);
  process.exit(1);
});
