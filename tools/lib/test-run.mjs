/*
 * The second half of npm test, on Node 24: the suites, some of them side by side, and one closing
 * line over all of them.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { buildIfStale } from './build.mjs';
import { PlainError } from './errors.mjs';
import { findLiveKitServer, findOnPath, LIVEKIT_VERSION } from './livekit.mjs';
import { homeFolder, ROOT } from './paths.mjs';
import { QUARANTINE_FILE, readQuarantine } from './quarantine.mjs';
import { endWorkers, signalProcess, yieldToOthers } from './processes.mjs';
import { createSteps, seconds } from './steps.mjs';
import { startTestPostgres } from './test-postgres.mjs';
import { PROCESSES, SUITES } from './test-suites.mjs';

const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const SAY_EVERY_MS = 30_000;

/** Files with failures are run once more, alone, to tell a race from a defect; not too many of them. */
const MAX_FILES_TO_RERUN = 4;

const USAGE = `npm test [-- [--only SUITE,SUITE] [PATTERN]]   suites: ${Object.keys(SUITES).join(' ')}`;

const steps = createSteps();
const totals = { passed: 0, failed: 0, skipped: 0 };
const problems = [];
const passedAlone = [];
const quarantined = [];
const running = new Set();
let quarantine = new Set();
/** Of the whole run, once it is started. */
let postgres = null;
/** Where the servers and commands that tests start keep what V8 made of their sources. */
let compiled = null;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    endWorkers();
    for (const child of running) signalProcess(-child.pid, 'SIGTERM');
    setTimeout(() => {
      for (const child of running) signalProcess(-child.pid, 'SIGKILL');
      process.exit(1);
    }, 3000).unref();
    problems.push('interrupted');
    if (running.size === 0) process.exit(1);
  });
}

await main(process.argv.slice(2));

async function main(argv) {
  try {
    const { names, patterns } = parse(argv);
    quarantine = readQuarantine();
    compiled = mkdtempSync(join(tmpdir(), 'rolecall-test-compiled-'));
    const tools = await prepare(names);
    await runSuites(names, patterns, tools);
    // A suite may have nothing that matches, since others have; but not all of them.
    const isAnyRun = totals.passed + totals.failed + totals.skipped > 0;
    if (patterns.length > 0 && !isAnyRun) fail(`no test matches ${patterns.join(' ')}`);
  } catch (error) {
    steps.fail(error);
    problems.push(firstLine(error));
    totals.failed += 1;
  } finally {
    await postgres?.stop();
    if (compiled) rmSync(compiled, { recursive: true, force: true });
  }
  if (problems.length > 0) steps.say(`\nWhat went wrong:\n${list(problems)}`);
  if (passedAlone.length > 0)
    steps.say(`\nFailed, and passed when run alone; look for a race:\n${list(passedAlone)}`);
  if (quarantined.length > 0)
    steps.say(`\nFailed once, and counted as passed (${QUARANTINE_FILE}):\n${list(quarantined)}`);
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
  steps.say(`\n${totals.passed} passed, ${totals.failed} failed${skipped}`);
  process.exit(totals.failed > 0 || problems.length > 0 ? 1 : 0);
}

function parse(argv) {
  const rest = [...argv];
  let names = Object.keys(SUITES);
  const patterns = [];
  while (rest.length > 0) {
    const argument = rest.shift();
    if (argument === '--only') names = (rest.shift() ?? '').split(',').filter(Boolean);
    else if (argument.startsWith('--only=')) names = argument.slice(7).split(',').filter(Boolean);
    else if (argument.startsWith('-')) throw new PlainError(`Unknown option: ${argument}`, USAGE);
    else patterns.push(argument);
  }
  const unknown = names.filter((name) => !SUITES[name]);
  if (unknown.length > 0 || names.length === 0) {
    throw new PlainError(`No such suite: ${unknown.join(', ') || '(none named)'}`, USAGE);
  }
  return { names, patterns };
}

/** Builds what the suites run against, and finds the programs that only some machines have. */
async function prepare(names) {
  const uses = (...suites) => names.some((name) => suites.includes(name));
  const [liveKit] = await Promise.all([
    uses('e2e', 'browser') ? findLiveKit() : null,
    uses('int', 'e2e', 'browser') ? buildAll() : null,
    // Components run on the built parts of the server that the dashboard shares.
    uses('ui') && !uses('int', 'e2e', 'browser') ? build('server') : null,
  ]);
  if (!uses('e2e', 'browser')) return {};
  const chromium =
    process.env.CHROMIUM ||
    ['chromium', 'chromium-browser', 'google-chrome'].map((name) => findOnPath(name)).find(Boolean);
  await steps.run('Chromium', async () => chromium ?? 'none');
  return { liveKit, chromium };
}

/** Postgres, which all suites share, starts while the dashboard is built. */
async function buildAll() {
  await build('server');
  await Promise.all([startPostgres(), build('ui')]);
}

async function startPostgres() {
  await steps.run('Postgres', async () => {
    postgres = await startTestPostgres({
      databaseUrl: process.env.TEST_DATABASE_URL,
      seesToSignals: true,
    });
    return 'started';
  });
  return postgres;
}

/** Where it has to be built, that takes longer than our own builds. */
async function findLiveKit() {
  let why = '';
  let liveKit = null;
  await steps.run('LiveKit server', async (tell) => {
    liveKit = await findLiveKitServer({
      home: process.env.ROLECALL_TEST_HOME || homeFolder(),
      log: (line) => (why = line),
      onProgress: (progress) => tell(`building ${LIVEKIT_VERSION} with Go: ${progress}`),
    });
    return liveKit ?? `none: ${why}`;
  });
  return liveKit;
}

/** The suites that do not need it, and the type check that says more, run all the same. */
async function build(name) {
  try {
    await steps.run(name === 'ui' ? 'dashboard' : name, async (tell) =>
      (await buildIfStale(name, { onProgress: tell })) ? 'built' : 'up to date',
    );
  } catch (error) {
    steps.fail(error);
    fail(firstLine(error));
  }
}

/**
 * Some processes take what is next; one beside them has the checks, which get what is left of the
 * processor. Failed files run again when all have ended.
 */
async function runSuites(names, patterns, tools) {
  const suites = Object.keys(SUITES).filter((name) => names.includes(name));
  const isBeside = suites.length > 1;
  const checks = suites.map((name) => SUITES[name]).filter(({ npm }) => npm);
  const tests = suites.map((name) => SUITES[name]).filter(({ npm }) => !npm);
  // Files that are named are few: they need no parts.
  const queue = isBeside && patterns.length === 0 ? inTurn(tests) : tests;
  const now = new Set();
  const news = setInterval(() => steps.say(`still at it: ${[...now].join(', ')}`), SAY_EVERY_MS);
  if (!isBeside) clearInterval(news);
  const ended = [];
  const runAll = async (waiting) => {
    for (let suite; (suite = waiting.shift()) && !problems.includes('interrupted');) {
      now.add(suite.title);
      if (suite.npm) await runCheck(suite, isBeside);
      else ended.push(await runSuite(suite, patterns, tools, isBeside));
      now.delete(suite.title);
    }
  };
  await Promise.all([runAll(checks), ...Array.from({ length: PROCESSES }, () => runAll(queue))]);
  clearInterval(news);
  for (const end of ended) await end();
}

/** Suites with parts take turns, after what is before the first of them. */
function inTurn(suites) {
  const parts = suites.filter((suite) => suite.parts).map(partsOf);
  const most = Math.max(0, ...parts.map(({ length }) => length));
  const mixed = Array.from({ length: most }, (_, at) => parts.flatMap((some) => some[at] ?? []));
  const first = suites.findIndex((suite) => suite.parts);
  return suites.flatMap((suite, at) => {
    if (at === first) return mixed.flat();
    return suite.parts ? [] : [suite];
  });
}

function partsOf(suite) {
  return Array.from({ length: suite.parts }, (_, index) => ({
    ...suite,
    title: `${suite.title} ${index + 1} of ${suite.parts}`,
    shard: `${index + 1}/${suite.parts}`,
  }));
}

/** `isBeside`: another one runs at the same time, so what it prints comes in one piece. */
async function runCheck({ title, npm }, isBeside) {
  const since = Date.now();
  const { code, output } = await run('npm', ['run', '--silent', npm], process.env, isBeside);
  steps.say(`\n── ${title}\n${output}${title}: ${code === 0 ? 'ok' : 'failed'}, ${seconds(since)}`);
  if (code !== 0) fail(`${title}: npm run ${npm} failed`);
}

/** Resolves with what is left to do once nothing else runs: the failed files again, and the sum. */
async function runSuite(suite, patterns, tools, isBeside) {
  const since = Date.now();
  const missing = suite.files ? missingFor(tools) : null;
  if (!isBeside || missing) steps.say(`\n── ${suite.title}`);
  if (missing) {
    skipByName(suite, missing);
    return async () => undefined;
  }
  const args = [
    `--maxWorkers=${isBeside ? 1 : (suite.workers ?? 2)}`,
    ...(suite.shard ? [`--shard=${suite.shard}`] : []),
    ...patterns,
    ...(patterns.length > 0 ? ['--passWithNoTests'] : []),
  ];
  const first = await runJest(suite, tools, args, isBeside);
  if (isBeside) steps.say(`\n── ${suite.title}\n${first.output}`);
  const took = seconds(since);
  return async () => {
    const files = filesWithFailures(suite, first.result);
    if (files.length > 0) {
      steps.say(`\n── ${suite.title}: the failed files once more, alone`);
      const alone = await runJest(suite, tools, ['--runInBand', '--runTestsByPath', ...files]);
      diagnose(first, alone.result);
    }
    addUp(suite, first, took);
  };
}

/** Jest's exit code and its report; null where it ended before it had one. */
async function runJest(suite, tools, args, isOutputKept = false) {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-test-report-'));
  const report = join(folder, 'report.json');
  const { code, output } = await run(
    process.execPath,
    [
      ...JEST,
      join(ROOT, 'node_modules/jest/bin/jest.js'),
      '--config',
      join(ROOT, suite.config),
      ...(suite.project ? ['--selectProjects', suite.project] : []),
      '--ci',
      '--json',
      `--outputFile=${report}`,
      ...args,
    ],
    testEnvironment(tools),
    isOutputKept,
  );
  const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : null;
  rmSync(folder, { recursive: true, force: true });
  return { code, output, result };
}

function filesWithFailures({ isReal }, result) {
  if (!isReal || !result) return [];
  const files = result.testResults
    .filter(({ assertionResults }) => assertionResults.some(hasFailed))
    .map(({ name }) => name);
  return files.length > MAX_FILES_TO_RERUN ? [] : files;
}

/** Says which failures do not repeat. They stay failures, except for tests in quarantine. */
function diagnose(first, alone) {
  if (!alone) return;
  const passed = new Set(
    alone.testResults.flatMap((file) =>
      file.assertionResults
        .filter(({ status }) => status === 'passed')
        .map((test) => nameOf(file, test)),
    ),
  );
  const { result } = first;
  for (const file of result.testResults) {
    for (const test of file.assertionResults.filter(hasFailed)) {
      const name = nameOf(file, test);
      if (!passed.has(name)) continue;
      if (!quarantine.has(name)) {
        passedAlone.push(name);
        continue;
      }
      test.status = 'passed';
      result.numFailedTests -= 1;
      result.numPassedTests += 1;
      quarantined.push(name);
    }
  }
  const isClean = result.numFailedTests + result.numRuntimeErrorTestSuites === 0;
  if (isClean && alone.success) first.code = 0;
}

/** As the quarantine names a test. */
function nameOf(file, { fullName }) {
  return `${relative(ROOT, file.name)}: ${fullName}`;
}

function hasFailed({ status }) {
  return status === 'failed';
}

/** Of Jest's report. A run that ended badly without a failed test has failed all the same. */
function addUp(suite, { code, result }, took) {
  if (!result) {
    fail(`${suite.title}: the run ended with exit code ${code} before it had a result`);
    return;
  }
  const broken = result.numRuntimeErrorTestSuites;
  const skipped = result.numPendingTests + result.numTodoTests;
  totals.passed += result.numPassedTests;
  totals.failed += result.numFailedTests + broken;
  totals.skipped += skipped;
  for (const file of result.testResults) {
    const path = relative(ROOT, file.name);
    if (file.assertionResults.length === 0 && file.status === 'failed')
      problems.push(`${path}: could not run`);
    for (const test of file.assertionResults) {
      if (test.status === 'failed') problems.push(`${path}: ${test.fullName}`);
      else if (test.status === 'pending') steps.say(`skipped: ${path}: ${test.fullName}`);
    }
  }
  if (code !== 0 && result.numFailedTests + broken === 0) {
    fail(`${suite.title}: the run ended with exit code ${code}`);
  }
  steps.say(
    `${suite.title}: ${result.numPassedTests} passed, ${result.numFailedTests + broken} failed` +
      `${skipped > 0 ? `, ${skipped} skipped` : ''}, ${took}`,
  );
}

function missingFor({ liveKit, chromium }) {
  if (!chromium)
    return { what: 'Chromium', isRequired: isSet('REQUIRE_CHROMIUM') || isSet('REQUIRE_LIVEKIT') };
  if (!liveKit) return { what: 'LiveKit server', isRequired: isSet('REQUIRE_LIVEKIT') };
  return null;
}

/** Never passed over in silence: each file is named, and where the program is required it fails. */
function skipByName(suite, { what, isRequired }) {
  for (const file of readdirSync(join(ROOT, suite.files)).filter((name) =>
    /spec\.tsx?$/.test(name),
  )) {
    steps.say(
      `${isRequired ? 'failed' : 'skipped'}: ${suite.files}/${file}: there is no ${what} here`,
    );
    if (isRequired) fail(`${suite.files}/${file}: there is no ${what} here`);
    else totals.skipped += 1;
  }
}

function list(lines) {
  return lines.map((line) => `  - ${line}`).join('\n');
}

function fail(problem) {
  totals.failed += 1;
  problems.push(problem);
}

function isSet(name) {
  return Boolean(process.env[name]) && process.env[name] !== '0';
}

/** What someone has set for their own Rolecall is not meant for the tests. */
function testEnvironment({ liveKit, chromium }) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(LIVEKIT_|ROLECALL_|DATABASE_|PG|PUBLIC_URL$|HOST$|PORT$|npm_)/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    NODE_ENV: 'test',
    PATH: [
      ...(liveKit ? [dirname(liveKit)] : []),
      join(ROOT, 'node_modules/.bin'),
      process.env.PATH,
    ].join(delimiter),
    ...(chromium ? { CHROMIUM: chromium } : {}),
    ...(postgres ? { TEST_PG: JSON.stringify(postgres.facts) } : {}),
    ...(compiled ? { NODE_COMPILE_CACHE: compiled } : {}),
  };
}

/** Resolves with the exit code and what was printed, which is empty unless it is kept. */
function run(command, args, environment, isOutputKept = false) {
  return new Promise((resolve) => {
    const stdio = isOutputKept ? 'pipe' : 'inherit';
    const child = spawn(command, args, {
      cwd: ROOT,
      env: environment,
      stdio: ['ignore', stdio, stdio],
      detached: true,
    });
    running.add(child);
    // These checks have no deadline; the tests beside them do.
    if (command === 'npm' && isOutputKept) yieldToOthers(child.pid);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.once('error', (error) => {
      running.delete(child);
      resolve({ code: 1, output: `${output}${error.message}\n` });
    });
    child.once('close', (code) => {
      running.delete(child);
      resolve({ code: code ?? 1, output });
    });
  });
}

function firstLine(error) {
  return error.message.split('\n')[0].replace(/:$/, '');
}
