export interface TestPostgresFacts {
  /** May create databases and roles. */
  superuserUrl: string;
  /** A migrated, empty database to copy. */
  template: string;
  owner: { role: string; password: string };
  app: { role: string; password: string };
}

export function startTestPostgres(options?: {
  databaseUrl?: string;
  log?: (line: string) => void;
  seesToSignals?: boolean;
}): Promise<{ facts: TestPostgresFacts; stop(): Promise<void> }>;

export function testDatabaseUrl(
  facts: TestPostgresFacts,
  role: { role: string; password: string },
  database: string,
): string;

export function asSuperuser(superuserUrl: string, statements: string[]): Promise<void>;
