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
    ...databaseSettings(secrets, postgres),
    ...(instance.run().livekit && !environment.LIVEKIT_URL
      ? liveKitSettings(secrets, environment, livekit.http)
      : {}),
  };
}
