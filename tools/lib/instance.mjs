import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PlainError } from './errors.mjs';
import { describeProcess, endProcess, isRunning } from './processes.mjs';

/**
 * What ROLECALL_HOME holds:
 *
 * - `secrets.json` made once: passwords of Postgres, LiveKit's key
 * - `ports.json` the ports on loopback that were chosen
 * - `run.json` while it runs: the processes, each with its time of birth, and the address
 * - `lock` who runs it
 * - `postgres/`, `livekit/`, `logs/`, `bin/`
 */
export function openInstance(home) {
  const file = (name) => join(home, name);
  const files = {
    lock: file('lock'),
    secrets: file('secrets.json'),
    ports: file('ports.json'),
    run: file('run.json'),
  };

  return {
    home,
    files,
    postgresData: file('postgres'),
    livekitFolder: file('livekit'),
    logs: file('logs'),

    create() {
      mkdirSync(home, { recursive: true, mode: 0o700 });
      chmodSync(home, 0o700);
      mkdirSync(file('logs'), { recursive: true, mode: 0o700 });
    },

    /** Made on the first call and never again: the data belong to them. */
    secrets() {
      if (!existsSync(files.secrets)) {
        if (existsSync(join(home, 'postgres', 'PG_VERSION'))) {
          throw new PlainError(
            `${files.secrets} is missing, and with it the password of the database beside it.`,
            'Put it back, or move the folder away to begin anew.',
          );
        }
        writeJson(files.secrets, {
          postgres: { superuser: secret(), owner: secret(), app: secret() },
          livekit: { key: `API${randomBytes(8).toString('hex')}`, secret: secret() },
        });
      }
      chmodSync(files.secrets, 0o600);
      const secrets = readJson(files.secrets);
      if (!secrets?.postgres?.app || !secrets.livekit?.secret) {
        throw new PlainError(
          `${files.secrets} cannot be read as what it should be.`,
          'Put it back from a backup, or move the whole folder away to begin anew.',
        );
      }
      return secrets;
    },

    ports: () => readJson(files.ports) ?? {},
    rememberPorts(ports) {
      const all = { ...this.ports(), ...ports };
      writeJson(files.ports, all);
      return all;
    },

    run: () => readJson(files.run) ?? {},
    /** Adds to `run.json`; a process is given by its number. */
    record(name, value) {
      const isProcess = typeof value === 'number';
      writeJson(files.run, {
        ...this.run(),
        [name]: isProcess ? describeProcess(value) : value,
      });
    },

    /** The process that holds the lock, when it runs. */
    holder() {
      const record = readJson(files.lock);
      return isRunning(record) ? record : null;
    },

    /** Ends what `run.json` names and still runs, in the order of a clean stop. */
    async endRecorded() {
      const { server, livekit, postgres } = this.run();
      const had = [server, livekit, postgres].some(isRunning);
      await endProcess(server, [
        ['SIGTERM', 3000],
        ['SIGKILL', 1000],
      ]);
      await endProcess(livekit, [['SIGKILL', 1000]]);
      await endProcess(postgres, [
        ['SIGINT', 3000],
        ['SIGQUIT', 1000],
        ['SIGKILL', 1000],
      ]);
      rmSync(files.run, { force: true });
      return had;
    },
  };
}

const secret = () => randomBytes(32).toString('base64url');

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** Whole or not at all, whenever the machine stops. */
function writeJson(path, value) {
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, path);
}
