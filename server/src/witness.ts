import { existsSync, readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { parseCheckpoint } from './ledger/tree/checkpoint.js';
import {
  NoteError,
  type NoteVerifier,
  parseNote,
  parseVerifierKey,
  SIGNATURE_TYPES,
} from './ledger/tree/note.js';
import {
  generateSigningKey,
  isSupported,
  parseSigningKey,
  verifierOf,
} from './ledger/tree/note-keys.js';
import { Witness } from './ledger/witness/witness.js';
import { createWitnessServer } from './ledger/witness/witness-server.js';
import { WitnessState } from './ledger/witness/witness-state.js';

// The witness runs on another machine than the log: it needs no database and no configuration.

const USAGE = `npm run rolecall -- witness <options>

  witness keygen --key FILE --name NAME
      makes the witness's private key and the folder FILE.state, and prints its verifier key.
      NAME is like a URL without its scheme: witness.example.com/rolecall
  witness --listen HOST:PORT --key FILE --logs FILE [--state FOLDER]
      cosigns checkpoints of the logs whose verifier keys are in --logs, one a line.
      The file may change while the witness runs. Never copy or reset the state folder.`;

class UsageError extends Error {}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      listen: { type: 'string' },
      key: { type: 'string' },
      name: { type: 'string' },
      logs: { type: 'string' },
      state: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
    allowPositionals: true,
  });
  const command = positionals.filter((word) => word !== 'witness').join(' ');
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const key = required(values.key, '--key');
  const state = values.state ?? `${key}.state`;
  if (command === 'keygen') return keygen(key, required(values.name, '--name'), state);
  if (command !== '') throw new UsageError(`There is no command "witness ${command}".`);
  await serve(required(values.listen, '--listen'), key, required(values.logs, '--logs'), state);
}

async function keygen(file: string, name: string, state: string): Promise<void> {
  const { secret, vkey } = generateSigningKey(name, SIGNATURE_TYPES.ed25519Cosignature);
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(`${secret}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await WitnessState.create(state);
  console.log(vkey);
}

async function serve(listen: string, keyFile: string, logs: string, folder: string): Promise<void> {
  const address = /^(?:\[([0-9a-f:]+)\]|([^\s:]+)):(\d{1,5})$/i.exec(listen);
  if (!address) throw new UsageError('--listen has the form HOST:PORT');
  const key = parseSigningKey(readFileSync(keyFile, 'utf8').trim());
  if (!existsSync(folder)) {
    throw new UsageError(
      `The state folder ${folder} is missing. A witness that has forgotten what it cosigned would cosign a second history. Put it back from where it was; for a new witness, make a new key.`,
    );
  }
  const state = await WitnessState.open(folder);
  for (const [hash, note] of state.all()) {
    try {
      parseCheckpoint(parseNote(note).text);
    } catch (error) {
      throw new UsageError(`${folder}/${hash} cannot be read: ${(error as Error).message}`);
    }
  }
  const logKeys = watchedKeys(logs);
  logKeys();
  const witness = new Witness({ signers: [key], logKeys, state });
  const server = createWitnessServer(witness, (line) => console.error(line));
  const stop = (): void => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 3_000).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(address[3]), address[1] ?? address[2], resolve);
  });
  const { address: host, port, family } = server.address() as AddressInfo;
  console.log(`The witness ${key.vkey}`);
  console.log(`listens at http://${family === 'IPv6' ? `[${host}]` : host}:${port}`);
}

/** The keys of the file, read again when it has changed; a file that became wrong changes nothing. */
function watchedKeys(file: string): () => readonly NoteVerifier[] {
  let stamp = '';
  let keys: readonly NoteVerifier[] = [];
  return () => {
    const { mtimeMs, size } = statSync(file);
    if (stamp === `${mtimeMs} ${size}`) return keys;
    try {
      keys = parseLogKeys(readFileSync(file, 'utf8'));
    } catch (error) {
      if (stamp === '') throw error;
      console.error(`${file} is not used as it is now: ${(error as Error).message}`);
    }
    stamp = `${mtimeMs} ${size}`;
    return keys;
  };
}

/** One verifier key a line, also as `log <vkey>` of a policy; the key's name is the log's origin. */
function parseLogKeys(text: string): NoteVerifier[] {
  const { ed25519, mlDsa44Cosignature } = SIGNATURE_TYPES;
  return text.split('\n').flatMap((line, i) => {
    const words = line.split(/[ \t]+/).filter(Boolean);
    if (words.length === 0 || words[0]?.startsWith('#')) return [];
    const vkey = words[0] === 'log' ? words[1] : words[0];
    try {
      const key = parseVerifierKey(vkey ?? '');
      if (key.type !== ed25519 && key.type !== mlDsa44Cosignature) {
        throw new NoteError('this is not the key of a log');
      }
      if (isSupported(key.type)) return [verifierOf(key)];
      console.error(`line ${i + 1}: signatures of type ${key.type} are not known to this Node`);
      return [];
    } catch (error) {
      throw new UsageError(`line ${i + 1} of the list of logs: ${(error as Error).message}`);
    }
  });
}

function required(value: string | undefined, option: string): string {
  if (value === undefined) throw new UsageError(`${option} is missing.\n\n${USAGE}`);
  return value;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(error instanceof UsageError || error instanceof TypeError ? 2 : 1);
});
