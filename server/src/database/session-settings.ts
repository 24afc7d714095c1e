/** What the driver reads values by, and our SQL and plans rely on, whatever the database's defaults. */
const RELIED_ON = {
  // Where the migrations put the tables.
  search_path: 'public',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  default_transaction_isolation: 'read committed',
  row_security: 'on',
  transform_null_equals: 'off',
  // Else a null in a list of texts becomes the text NULL, in ledger entries as well.
  array_nulls: 'on',
  // A pool keeps a session for the next request, which must not find that Postgres has just ended it.
  idle_session_timeout: '0',
  // Compiling a plan takes longer than any statement here runs.
  jit: 'off',
} as const;

export type Settings = Readonly<Record<string, string>>;

/** What the URL asks for counts where the program does not rely on something else. */
export function sessionSettings(fromUrl: Settings, more: Settings = {}): Settings {
  return { ...fromUrl, ...RELIED_ON, ...more };
}

/** One statement that sets them all: for the session, or for the transaction alone. */
export function settingStatement(settings: Settings, extent: 'session' | 'transaction'): string {
  const isLocal = extent === 'transaction';
  const calls = Object.entries(settings).map(
    ([name, value]) => `set_config(${literal(name)}, ${literal(value)}, ${isLocal})`,
  );
  return `SELECT ${calls.join(', ')}`;
}

function literal(text: string): string {
  return `E'${text.replace(/[\\']/g, '\\$&')}'`;
}
