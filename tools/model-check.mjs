#!/usr/bin/env node
/*
 * npm run model-check: explores every interleaving of docs/model/seat.pml with spin, and shows that
 * the check can fail: each mutant leaves out one thing that the product does, and must be caught.
 * `-- --quick` runs what takes seconds; `-- --only NAME` what has the word in its name.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOnPath } from './lib/livekit.mjs';
import { ROOT } from './lib/paths.mjs';

const MODEL = join(ROOT, 'docs/model/seat.pml');
const LIMIT_MS = 10 * 60_000;
const AT_ONCE = 2;
const run = promisify(execFile);

/** All is well: each has to be free of errors. */
export const CHECKS = [
  { name: 'past the gate', flags: 'LOOP CHECKS', quick: true },
  { name: 'through the gate', flags: 'LOOP CHECKS GATE', quick: true },
  { name: 'block, hold, remove: past the gate', flags: 'LOOP CHECKS BLOCKS HOLDS REMOVES' },
  { name: 'block, hold, remove: the gate', flags: 'LOOP CHECKS BLOCKS HOLDS REMOVES GATE' },
  { name: 'voided tokens', flags: 'LOOP CHECKS GATE VOIDS VOIDING', quick: true },
  { name: 'leases', flags: 'LOOP CHECKS LEASES TIMES' },
  { name: 'three changes', flags: 'LOOP CHECKS GATE CHANGES=3' },
  { name: 'faults', flags: 'LOOP CHECKS SWEEP FAULTS' },
  {
    name: 'faults, LiveKit restarts, block, hold',
    flags: 'LOOP CHECKS SWEEP FAULTS RESTART GATE BLOCKS HOLDS JOINS=1',
  },
  { name: 'faults, leases', flags: 'LOOP CHECKS SWEEP FAULTS LEASES TIMES JOINS=1' },
  { name: 'faults, voided tokens', flags: 'LOOP CHECKS SWEEP FAULTS GATE VOIDS VOIDING JOINS=1' },
  { name: 'the sweep alone, no webhook at all', flags: 'LOOP SWEEP FAULTS JOINS=1' },
  { name: 'always converges (fair)', flags: 'LOOP CHECKS SWEEP FAULTS JOINS=1', ltl: 'converges' },
];

/** One thing is missing: each has to be caught. */
export const MUTANTS = [
  { name: 'a writer that does not look again', flags: 'CHECKS' },
  { name: 'joins that nobody checks', flags: 'LOOP' },
  { name: 'joins that nobody checks, with the gate', flags: 'LOOP GATE' },
  { name: 'blocks without a check at the join', flags: 'LOOP BLOCKS' },
  { name: 'faults without a sweep', flags: 'LOOP CHECKS FAULTS' },
  { name: 'a gate that does not ask what is voided', flags: 'LOOP CHECKS GATE VOIDING' },
  { name: 'leases that nobody ends', flags: 'LOOP CHECKS LEASES' },
].map((mutant) => ({ ...mutant, quick: true, isMutant: true }));

/** What has to be installed, in a sentence; null when nothing is missing. */
export function missingTools() {
  const missing = ['spin', 'gcc'].filter((name) => !findOnPath(name));
  if (missing.length === 0) return null;
  return `The model check needs ${missing.join(' and ')}: apt-get install ${missing.join(' ')} (Debian, Ubuntu), or brew install ${missing.join(' ')} (macOS).`;
}

/** Runs them, some at once, and answers with what came of each, in their order. */
export async function check(cases, onDone = () => {}) {
  const results = new Array(cases.length);
  let next = 0;
  const work = async () => {
    while (next < cases.length) {
      const i = next++;
      results[i] = await checkOne(cases[i]);
      onDone(results[i]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

async function checkOne({ name, flags, ltl, quick, isMutant = false }) {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-model-'));
  const started = performance.now();
  try {
    const defines = flags.split(' ').map((flag) => `-D${flag}`);
    await run('spin', ['-a', ...defines, MODEL], { cwd: folder });
    // Where there is little to explore, compiling is what takes time.
    const optimize = quick ? '-O1' : '-O2';
    const forMode = ltl ? ['-DNFAIR=8'] : ['-DSAFETY', '-DNOCLAIM'];
    await run('gcc', [optimize, '-DCOLLAPSE', ...forMode, '-w', '-o', 'pan', 'pan.c'], {
      cwd: folder,
    });
    const how = ltl ? ['-a', '-f', '-N', ltl] : ['-E'];
    const { stdout } = await run('./pan', [...how, '-m2000000'], {
      cwd: folder,
      timeout: LIMIT_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
    const errors = Number(/errors: (\d+)/.exec(stdout)?.[1]);
    const isWhole = !/max search depth too small|Search not completed/.test(stdout);
    return {
      name,
      flags: ltl ? `${flags} (${ltl})` : flags,
      isMutant,
      states: Number(/(\d+) states, stored/.exec(stdout)?.[1]),
      errors,
      seconds: (performance.now() - started) / 1000,
      isAsItShouldBe: isMutant ? errors > 0 : errors === 0 && isWhole,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function line({ name, flags, isMutant, states, errors, seconds, isAsItShouldBe }) {
  const verdict = isAsItShouldBe
    ? isMutant
      ? 'caught'
      : 'holds'
    : isMutant
      ? 'NOT CAUGHT'
      : 'FAILS';
  const cells = [
    (isMutant ? `mutant: ${name}` : name).padEnd(52),
    states.toLocaleString('en').padStart(12),
    `${seconds.toFixed(1)} s`.padStart(9),
    String(errors).padStart(7),
    verdict.padEnd(10),
  ];
  return `${cells.join('  ')}  ${flags}`;
}

async function main(args) {
  const missing = missingTools();
  if (missing) {
    console.error(missing);
    return 2;
  }
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : null;
  const cases = [...CHECKS, ...MUTANTS].filter(
    ({ name, quick }) => (!args.includes('--quick') || quick) && (!only || name.includes(only)),
  );
  const { stdout } = spawnSync('spin', ['-V'], { encoding: 'utf8' });
  console.log(`${stdout.trim()}; ${readFileSync(MODEL, 'utf8').split('\n').length} lines\n`);
  console.log(`${''.padEnd(52)}  ${'states'.padStart(12)}  ${'time'.padStart(9)}   errors`);
  const started = performance.now();
  const results = await check(cases, (result) => console.log(line(result)));
  const wrong = results.filter(({ isAsItShouldBe }) => !isAsItShouldBe).length;
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`\n${results.length - wrong} as they should be, ${wrong} not, in ${seconds} s`);
  return wrong > 0 ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) process.exitCode = await main(process.argv.slice(2));
