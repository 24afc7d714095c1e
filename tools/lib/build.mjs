import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { PlainError, tail } from './errors.mjs';
import { withLock } from './lock.mjs';
import { ROOT, WORKSHOP } from './paths.mjs';
import { asWorker, endAbandoned } from './processes.mjs';
import { withoutSecrets } from './settings.mjs';

/** What is built: from what, by which script, and a file that is there once it is. */
const TARGETS = {
  server: {
    title: 'server',
    // Who starts Rolecall need not wait for the types to be checked: npm test does that.
    script: 'build:server:unchecked',
    sources: ['tsconfig.base.json', 'migrations', 'server/src', 'server/tsconfig.json'],
    result: 'server/dist/migrate.js',
    // tsc believes its own notes rather than look whether the output is still there.
    notes: ['server/tsconfig.tsbuildinfo', 'migrations/tsconfig.tsbuildinfo'],
  },
  ui: {
    title: 'dashboard',
    script: 'build:ui',
    sources: [
      'admin-ui/index.html',
      'admin-ui/join.html',
      'admin-ui/package.json',
      'admin-ui/public',
      'admin-ui/src',
      'admin-ui/tsconfig.json',
      'admin-ui/vite.config.ts',
      'admin-ui/vite.dossier.config.ts',
      'server/package.json',
    ],
    // The dashboard runs parts of the server, such as the acts and the grants.
    moreSources: readSharedSources,
    result: 'admin-ui/dist/index.html',
    notes: [],
  },
};

const IGNORED = new Set(['dist', 'node_modules', '.rolecall']);
/** `import … from './x.js'`, `export … from './x.js'` and `import './x.js'`, unless only of types. */
const VALUE_IMPORT = /^(?:import|export)\s+(?!type\b)(?:[^;'"]*?\bfrom\s*)?'(\.{1,2}\/[^']+)'/gm;
const isSource = (name) => !/(^|\.)(spec|int-spec|browser-spec)\.tsx?$|\.tsbuildinfo$/.test(name);

/**
 * Builds `server` or `ui` when its sources are not those of the last build. Resolves to whether it
 * did; several processes may ask at once.
 */
export async function buildIfStale(name, { onStart = () => {}, onProgress = () => {} } = {}) {
  const target = TARGETS[name];
  const stamp = join(WORKSHOP, `built-${name}`);
  if (isFresh(target, stamp)) return false;
  return withLock(
    join(WORKSHOP, 'build.lock'),
    async () => {
      if (isFresh(target, stamp)) return false;
      onStart();
      const hash = hashOf(target);
      if (!existsSync(join(ROOT, target.result))) {
        for (const file of target.notes) rmSync(join(ROOT, file), { force: true });
      }
      rmSync(stamp, { force: true });
      await runNpm(['run', '--silent', target.script], `The ${target.title} could not be built`, {
        note: join(WORKSHOP, 'build.json'),
      });
      mkdirSync(WORKSHOP, { recursive: true });
      writeFileSync(stamp, hash);
      return true;
    },
    () => onProgress('waiting for another build in this checkout'),
  );
}

function isFresh(target, stamp) {
  return (
    existsSync(join(ROOT, target.result)) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === hashOf(target)
  );
}

/** Of names and contents, with the locked dependencies: what a build can depend on. */
function hashOf({ sources, moreSources = () => [] }) {
  const hash = createHash('sha256');
  const add = (path) => {
    const full = join(ROOT, path);
    const stat = statSync(full, { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) {
      for (const entry of readdirSync(full).sort()) {
        if (!IGNORED.has(entry) && isSource(entry)) add(`${path}/${entry}`);
      }
      return;
    }
    hash.update(`${path}\0${stat.size}\0`).update(readFileSync(full));
  };
  for (const source of [...sources, ...moreSources(), 'package-lock.json']) add(source);
  return hash.digest('hex');
}

/**
 * The sources behind the exports of the server's package, with all that they import. Imports of types
 * leave nothing in the built files.
 */
function readSharedSources() {
  const server = join(ROOT, 'server');
  const { exports } = JSON.parse(readFileSync(join(server, 'package.json'), 'utf8'));
  const toSource = (path) => path.replace(/\.js$/, '.ts');
  const found = new Set();
  const open = Object.values(exports)
    .filter((target) => typeof target === 'string')
    .map((target) => toSource(join(server, target.replace('/dist/', '/src/'))));
  while (open.length > 0) {
    const file = open.pop();
    if (found.has(file) || !existsSync(file)) continue;
    found.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, specifier] of text.matchAll(VALUE_IMPORT)) {
      open.push(toSource(join(dirname(file), specifier)));
    }
  }
  return [...found].map((file) => relative(ROOT, file)).sort();
}

/**
 * Runs npm with this Node and shows nothing unless it fails. Resolves to what it printed; a
 * failure is a PlainError that begins with `failure`. `note` is where its process is noted; one that
 * is still running there, left by a killed predecessor, is ended first.
 */
export async function runNpm(args, failure, { hint, note } = {}) {
  if (note) {
    mkdirSync(dirname(note), { recursive: true, mode: 0o700 });
    await endAbandoned(note);
  }
  const npm = process.env.npm_execpath;
  const [command, prefix] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  return new Promise((resolve, reject) => {
    const child = asWorker(
      spawn(command, [...prefix, ...args], {
        cwd: ROOT,
        env: {
          ...withoutSecrets(process.env),
          PATH: [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      }),
      note,
    );
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', (error) => reject(new PlainError(`${failure}: ${error.message}`, hint)));
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(output);
      reject(
        new PlainError(`${failure} (${signal ?? `exit code ${code}`}):\n${tail(output, 40)}`, hint),
      );
    });
  });
}
