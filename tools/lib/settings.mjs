/** Names of the two roles and of the database of an embedded Postgres. */
export const OWNER = 'rolecall_owner';
export const APP = 'rolecall_app';
export const DATABASE = 'rolecall';

export function postgresUrl(port, user, password, database = DATABASE) {
  return `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

/** The variables of an embedded Postgres on `port`. */
export function databaseSettings(secrets, port) {
  return {
    DATABASE_URL: postgresUrl(port, APP, secrets.postgres.app),
    DATABASE_MIGRATION_URL: postgresUrl(port, OWNER, secrets.postgres.owner),
  };
}

/** As `SHORT_LIVED_VARIABLES` of the server: who migrates gets them, who serves does not. */
const SHORT_LIVED = ['DATABASE_MIGRATION_URL', 'ROLECALL_ADMIN_PASSWORD'];

/** What a process that serves needs of `settings`. */
export function withoutOwner(settings) {
  return Object.fromEntries(
    Object.entries(settings).filter(([name]) => !SHORT_LIVED.includes(name)),
  );
}

/** What a build, or anything else that is not ours, is told: nothing of Rolecall's own settings. */
export function withoutSecrets(environment) {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => !/^(AWS_|DATABASE_|LIVEKIT_|ROLECALL_)/.test(name),
    ),
  );
}

/** The variables of a local LiveKit server; a key pair that is set beforehand is used for it. */
export function liveKitSettings(secrets, environment, httpPort) {
  return {
    LIVEKIT_URL: `ws://127.0.0.1:${httpPort}`,
    LIVEKIT_API_KEY: environment.LIVEKIT_API_KEY || secrets.livekit.key,
    LIVEKIT_API_SECRET: environment.LIVEKIT_API_SECRET || secrets.livekit.secret,
  };
}

/** What `npm start` gives to the server of this instance, from what the instance remembers. */
export function environmentOf(instance, environment) {
  const { postgres, livekit } = instance.ports();
  const secrets = instance.secrets();
  return {
    ...withoutOwner(databaseSettings(secrets, postgres)),
    ...(instance.run().livekit && !environment.LIVEKIT_URL
      ? liveKitSettings(secrets, environment, livekit.http)
      : {}),
  };
}
