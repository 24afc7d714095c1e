import 'reflect-metadata';
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Actor, SYSTEM_ACTOR } from './actor/actor.js';
import { AppModule } from './app.module.js';
import { AppLogger } from './common/app-logger.js';
import { AppError, fieldError } from './common/errors/app-error.js';
import { invalid } from './common/http/validation.pipe.js';
import { APP_CONFIG, type AppConfig, ConfigError, parseConfig } from './config/app-config.js';
import { forgetPgVariables } from './config/postgres-url.js';
import { DatabaseRefused } from './database/database-refused.js';
import { DatabaseUnreachable } from './database/why-not-connected.js';
import { issueBody } from './issuance/issuance.schemas.js';
import { IssuanceService } from './issuance/issuance.service.js';
import { exportLedger, LEDGER_OPTIONS, LEDGER_USAGE, verifyLedger } from './ledger-command.js';
import { LedgerKeys } from './ledger/sealing/ledger-keys.js';
import { SealingStopped } from './ledger/sealing/sealing-stopped.js';
import { Alarms } from './alarms/alarms.service.js';
import { LedgerEraser, type Erasure } from './ledger/ledger-eraser.js';
import { createOperatorBody, updateOperatorBody } from './operators/operators.schemas.js';
import { OperatorsService } from './operators/operators.service.js';
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

/** The command line can read the database anyway: it needs no permission, but every act is logged. */
function commandLineActor(): Actor {
  return new Actor('system', null, `command line (${userInfo().username})`, SYSTEM_ACTOR.holds);
}

type Options = Record<string, string | boolean | string[] | undefined>;

const OPTIONS = {
  ...TOKEN_OPTIONS,
  ...LEDGER_OPTIONS,
  email: { type: 'string' },
  operator: { type: 'string' },
  before: { type: 'string' },
  role: { type: 'string' },
  rooms: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const;

async function run(
  app: INestApplicationContext,
  command: string,
  given: Options,
  folder?: string,
): Promise<number> {
  const actor = commandLineActor();
  switch (command) {
    case 'token create': {
      const body = parse(issueBody, { ...readTokenRequest(given) });
      printToken(await app.get(IssuanceService).issue(actor, body), outputOf(given));
      return 0;
    }
    case 'operators add': {
      const body = parse(createOperatorBody, {
        email: given.email,
        name: given.name ?? given.email,
        access: [{ role: given.role, ...(given.rooms ? { rooms: given.rooms } : {}) }],
      });
      const { view, temporaryPassword } = await app.get(OperatorsService).create(actor, body);
      console.error(`Added ${view.email}. Their first password, shown once:`);
      console.log(temporaryPassword);
      return 0;
    }
    case 'operators password': {
      const operators = app.get(OperatorsService);
      const { email } = given;
      const { rows } = await operators.list({
        filter: { q: typeof email === 'string' ? email : '' },
        sort: ['email', 'ASC'],
        range: [0, 999],
      });
      const operator = rows.find((row) => row.email === email);
      if (!operator)
        throw new AppError('not_found', 'operator.not_found', 'No operator has this e-mail.');
      const password = crypto.randomUUID();
      await operators.update(
        actor,
        operator.id,
        parse(updateOperatorBody, { password }),
        undefined,
      );
      console.error(`A new password for ${operator.email}, shown once; their sessions have ended:`);
      console.log(password);
      return 0;
    }
    case 'ledger verify': {
      const { since } = given;
      return verifyLedger(app, actor, typeof since === 'string' ? { since } : {});
    }
    case 'ledger export':
      return exportLedger(app, actor, folder as string, given);
    case 'ledger rotate-key': {
      const vkeys = await app.get(LedgerKeys).rotate(actor);
      console.error('The ledger is signed with new keys from now on. Give these to its witnesses:');
      console.log(vkeys.join('\n'));
      return 0;
    }
    case 'ledger erase': {
      const { databaseMigrationUrl } = app.get<AppConfig>(APP_CONFIG);
      const erasure = readErasure(given);
      const counts = await app.get(LedgerEraser).erase(databaseMigrationUrl, actor, erasure);
      await app.get(Alarms).forget(erasure);
      console.log(
        `Erased ${counts.subjects} times what entries say of them and ${counts.actors} times that they acted, in ${counts.entries} entries.`,
      );
      return 0;
    }
    default:
      console.error(USAGE);
      return 2;
  }
}

function readErasure({ identity, operator, before }: Options): Erasure {
  if ((identity === undefined) === (operator === undefined)) {
    throw fieldError('--identity', 'or --operator is required, and only one of them');
  }
  const of = identity === undefined ? 'operator' : 'identity';
  const id = of === 'operator' ? operator : identity;
  const at = before === undefined ? null : new Date(String(before));
  if (at && Number.isNaN(at.getTime())) {
    throw fieldError('--before', 'must be a date like 2026-01-31 or 2026-01-31T12:00:00Z');
  }
  return { of, id: String(id), before: at };
}

function parse<T>(
  schema: {
    safeParse(value: unknown): { success: boolean; data?: T; error?: { issues: object[] } };
  },
  value: Record<string, unknown>,
): T {
  const given = Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined));
  const result = schema.safeParse(given);
  if (result.success) return result.data as T;
  throw invalid(result.error?.issues as Parameters<typeof invalid>[0]);
}

async function main(): Promise<number> {
  forgetPgVariables();
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const isExport = positionals.length === 3 && positionals[1] === 'export';
  const command = (isExport ? positionals.slice(0, 2) : positionals).join(' ');
  if (values.help || command === '' || (command === 'ledger export' && !isExport)) {
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
  const config: AppConfig = { ...parseConfig(process.env), logLevel: 'warn', demo: 'off' };
  const app = await NestFactory.createApplicationContext(AppModule.with(config), {
    logger: new AppLogger(config),
    abortOnError: false,
  });
  try {
    return await run(app, command, values, positionals[2]);
  } finally {
    await app.close();
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
    console.error(messageOf(error));
    process.exit(1);
  },
);
