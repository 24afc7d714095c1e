import { parseArgs } from 'node:util';
import type { Commands } from './cli-commands.js';
import { AppError, fieldError } from './common/errors/app-error.js';
import { printable } from './common/printable.js';
import { ConfigError } from './config/config-error.js';
import { forgetPgVariables } from './config/postgres-url.js';
import { DatabaseRefused } from './database/database-refused.js';
import { DatabaseUnreachable } from './database/why-not-connected.js';
import {
  LEDGER_OPTIONS,
  LEDGER_USAGE,
  readChallenge,
  readDossier,
  readErasure,
  readExport,
  readNote,
  readPerson,
} from './ledger-arguments.js';
import { SealingStopped } from './ledger/sealing/sealing-stopped.js';
import { parseArguments as parse } from './parse-arguments.js';
import {
  issueByHttp,
  printToken,
  readTokenRequest,
  refusalText,
  TOKEN_OPTIONS,
  TOKEN_USAGE,
} from './token-command.js';

const USAGE = `npm run rolecall -- <command>

${TOKEN_USAGE}

  operators add --email E-MAIL --name NAME --role admin|moderator|auditor [--rooms PATTERN]...
                                 adds an operator and prints their first password
  operators password --email E-MAIL
                                 gives an operator a new password and ends their sessions
${LEDGER_USAGE}
  ledger rotate-key              makes new signing keys for the ledger, signed by the old ones
  ledger erase --identity ID | --operator ID [--before DATE]
                                 erases what the ledger says of a person; every hash still holds
  witness                        cosigns the ledger of another Rolecall: npm run rolecall -- witness --help

It uses the same environment as npm start; what it does is in the ledger as well.`;

type Options = Record<string, string | boolean | string[] | undefined>;

const OPTIONS = {
  ...TOKEN_OPTIONS,
  ...LEDGER_OPTIONS,
  email: { type: 'string' },
  role: { type: 'string' },
  rooms: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What a command does once the server's services are there; answers with the exit code. */
type Work = (commands: Commands) => Promise<number>;

/** Reads all that was given first: a mistake is told before anything is loaded or connected. */
async function workOf(command: string, given: Options, target: string): Promise<Work | null> {
  switch (command) {
    case 'token create': {
      const { issueBody } = await import('./issuance/issuance.schemas.js');
      const body = await parse(issueBody, { ...readTokenRequest(given) });
      return async (commands) => {
        printToken(await commands.issue(body), outputOf(given));
        return 0;
      };
    }
    case 'operators add': {
      const { createOperatorBody } = await import('./operators/operators.schemas.js');
      const body = await parse(createOperatorBody, {
        email: given.email,
        name: given.name ?? given.email,
        access: [{ role: given.role, ...(given.rooms ? { rooms: given.rooms } : {}) }],
      });
      return async (commands) => {
        const { email, password } = await commands.addOperator(body);
        console.error(`Added ${email}. Their first password, shown once:`);
        console.log(password);
        return 0;
      };
    }
    case 'operators password': {
      const email = typeof given.email === 'string' ? given.email : '';
      return async (commands) => {
        const password = await commands.newPassword(email);
        console.error(`A new password for ${email}, shown once; their sessions have ended:`);
        console.log(password);
        return 0;
      };
    }
    case 'ledger verify': {
      const { archive } = given;
      if (typeof archive === 'string') {
        if (given.since !== undefined) throw fieldError('--since', 'is not for archives');
        return (commands) => commands.verifyArchives(archive);
      }
      const since = await readNote(given.since);
      return (commands) => commands.verifyLedger(since);
    }
    case 'ledger retain': {
      const isDry = given['dry-run'] === true;
      return (commands) => commands.retain(isDry);
    }
    case 'ledger challenge': {
      const body = await readChallenge(given);
      return (commands) => commands.challengeLedger(body);
    }
    case 'ledger export': {
      const request = await readExport(target, given);
      return (commands) => commands.exportLedger(request);
    }
    case 'ledger dossier': {
      const request = await readDossier(target, given);
      return (commands) => commands.writeDossier(request);
    }
    case 'ledger person': {
      const request = await readPerson(target, given);
      return (commands) => commands.writePerson(request);
    }
    case 'ledger rotate-key':
      return async (commands) => {
        const vkeys = await commands.rotateLedgerKeys();
        console.error(
          'The ledger is signed with new keys from now on. Give these to its witnesses:',
        );
        console.log(vkeys.join('\n'));
        return 0;
      };
    case 'ledger erase': {
      const erasure = readErasure(given);
      return async (commands) => {
        const { subjects, actors, entries } = await commands.eraseFromLedger(erasure);
        console.log(
          `Erased ${subjects} times what entries say of them and ${actors} times that they acted, in ${entries} entries.`,
        );
        return 0;
      };
    }
    default:
      return null;
  }
}

async function main(): Promise<number> {
  forgetPgVariables();
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const isWritten = ['export', 'dossier', 'person'].includes(positionals[1] ?? '');
  const hasTarget = isWritten && positionals.length === 3;
  const command = (hasTarget ? positionals.slice(0, 2) : positionals).join(' ');
  if (values.help || command === '' || (isWritten && !hasTarget)) {
    console.error(USAGE);
    return values.help ? 0 : 2;
  }
  if (command === 'token create') {
    const remote = remoteOf(values);
    if (remote) {
      printToken(
        await issueByHttp(remote.url, remote.key, readTokenRequest(values)),
        outputOf(values),
      );
      return 0;
    }
  }
  const work = await workOf(command, values, positionals[2] ?? '');
  if (!work) {
    console.error(USAGE);
    return 2;
  }
  const { parseConfig } = await import('./config/app-config.js');
  const config = parseConfig(process.env);
  // Nest and all services: only what reads or writes the database needs them.
  const { Commands } = await import('./cli-commands.js');
  const commands = await Commands.start(config);
  try {
    return await work(commands);
  } finally {
    await commands.close();
  }
}

/** What their message says is all that there is to know. */
const KNOWN = [
  AppError,
  ConfigError,
  DatabaseRefused,
  DatabaseUnreachable,
  SealingStopped,
  TypeError,
];

function outputOf(given: Options): { json: boolean; tokenOnly: boolean } {
  return { json: given.json === true, tokenOnly: given['token-only'] === true };
}

/** A Rolecall that runs, when one is named; null: the instance of this environment. */
function remoteOf(given: Options): { url: string; key: string } | null {
  const url = given.url ?? process.env.ROLECALL_URL;
  const key = given['api-key'] ?? process.env.ROLECALL_API_KEY;
  if (!url) {
    if (given['api-key']) throw fieldError('--url', 'is required with --api-key');
    return null;
  }
  if (!key) throw fieldError('--api-key', 'or ROLECALL_API_KEY is required with --url');
  if (typeof url !== 'string' || typeof key !== 'string' || !URL.canParse(url)) {
    throw fieldError('--url', 'must be a URL like http://127.0.0.1:3000');
  }
  return { url, key };
}

/** Why nothing was done, for the person at the terminal. */
function messageOf(error: unknown): unknown {
  if (error instanceof AppError) {
    const { because } = error.options.extra ?? {};
    return refusalText(error.message, Array.isArray(because) ? because : []);
  }
  return KNOWN.some((kind) => error instanceof kind) ? (error as Error).message : error;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const message = messageOf(error);
    // It may quote a checkpoint or an answer of others.
    if (typeof message === 'string')
      message.split('\n').forEach((line) => console.error(printable(line)));
    else console.error(message);
    process.exit(1);
  },
);
