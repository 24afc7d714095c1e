import 'reflect-metadata';
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Actor, SYSTEM_ACTOR } from './actor/actor.js';
import { AppModule } from './app.module.js';
import { AppLogger } from './common/app-logger.js';
import { AppError } from './common/errors/app-error.js';
import { invalid } from './common/http/validation.pipe.js';
import { type AppConfig, ConfigError, parseConfig } from './config/app-config.js';
import { forgetPgVariables } from './config/postgres-url.js';
import { DatabaseRefused } from './database/database-refused.js';
import { DatabaseUnreachable } from './database/why-not-connected.js';
import { issueBody } from './issuance/issuance.schemas.js';
import { IssuanceService } from './issuance/issuance.service.js';
import { CHECKS, LedgerVerifier, type VerifierReport } from './ledger/ledger-verifier.js';
import { createOperatorBody, updateOperatorBody } from './operators/operators.schemas.js';
import { OperatorsService } from './operators/operators.service.js';

const USAGE = `npm run rolecall -- <command>

  token create --room ROOM --identity IDENTITY [--template KEY] [--ttl 10m] [--name NAME]
               [--create-room] [--create-user] [--reason TEXT]
                                 issues a token, as the dashboard does, and prints it
  operators add --email E-MAIL --name NAME --role admin|moderator|auditor [--rooms PATTERN]...
                                 adds an operator and prints their first password
  operators password --email E-MAIL
                                 gives an operator a new password and ends their sessions
  ledger verify                  checks that no entry of the ledger is missing, repeated or misdated

It uses the same environment as npm start; what it does is in the ledger as well.`;

/** The command line can read the database anyway: it needs no permission, but every act is logged. */
function commandLineActor(): Actor {
  return new Actor('system', null, `command line (${userInfo().username})`, SYSTEM_ACTOR.holds);
}

type Options = Record<string, string | boolean | string[] | undefined>;

const OPTIONS = {
  room: { type: 'string' },
  identity: { type: 'string' },
  template: { type: 'string' },
  ttl: { type: 'string' },
  name: { type: 'string' },
  reason: { type: 'string' },
  email: { type: 'string' },
  role: { type: 'string' },
  rooms: { type: 'string', multiple: true },
  'create-room': { type: 'boolean' },
  'create-user': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

async function run(app: INestApplicationContext, command: string, given: Options): Promise<number> {
  const actor = commandLineActor();
  switch (command) {
    case 'token create': {
      const body = parse(issueBody, {
        room: given.room,
        identity: given.identity,
        template: given.template,
        ttl: given.ttl,
        name: given.name,
        reason: given.reason,
        createRoom: given['create-room'],
        createUser: given['create-user'],
      });
      const issued = await app.get(IssuanceService).issue(actor, body);
      console.error(
        `${issued.template} v${issued.version}, until ${issued.expiresAt}, ${issued.serverUrl}`,
      );
      console.log(issued.token);
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
      return printReport(await app.get(LedgerVerifier).verify());
    }
    default:
      console.error(USAGE);
      return 2;
  }
}

/** 0 when all is well, else 1. */
function printReport({ shards, protection, hasOneRole }: VerifierReport): number {
  console.log(`Checked:\n${CHECKS.map((check) => `  - ${check}`).join('\n')}`);
  for (const { shard, entries, problems, firstWrong } of shards) {
    const where = firstWrong ? `; first wrong entry: ${firstWrong}` : '';
    console.log(`shard ${shard}: ${entries} entries, ${problems.join('; ') || 'complete'}${where}`);
  }
  for (const problem of protection) console.log(`protection: ${problem}`);
  if (hasOneRole) {
    console.log(
      'Note: DATABASE_URL is the owner of the tables, so its holder can switch the protection off.',
    );
  }
  const isWell = protection.length === 0 && shards.every(({ problems }) => problems.length === 0);
  return isWell ? 0 : 1;
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
  const command = positionals.join(' ');
  if (values.help || command === '') {
    console.error(USAGE);
    return values.help ? 0 : 2;
  }
  const config: AppConfig = { ...parseConfig(process.env), logLevel: 'warn', demo: 'off' };
  const app = await NestFactory.createApplicationContext(AppModule.with(config), {
    logger: new AppLogger(config),
    abortOnError: false,
  });
  try {
    return await run(app, command, values);
  } finally {
    await app.close();
  }
}

/** What their message says is all that there is to know. */
const KNOWN = [AppError, ConfigError, DatabaseRefused, DatabaseUnreachable, TypeError];

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const known = KNOWN.some((kind) => error instanceof kind);
    console.error(known ? (error as Error).message : error);
    process.exit(1);
  },
);
