import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';

/** A program of somebody else by its Go module, or one of ours on modules of somebody else. */
export type GoProgram =
  { readonly module: string; readonly version: string } | { readonly folder: string };

/**
 * Tests with a Go program, whose modules have pinned versions. Reported as skipped, by name, where
 * there is no Go or a module cannot be got.
 */
export function describeWithGo(
  name: string,
  program: GoProgram,
  suite: (program: string) => void,
): void {
  const [built, what] =
    'module' in program
      ? [installed(program), `${program.module}@${program.version}`]
      : [compiled(program.folder), program.folder];
  const why = `${what} cannot be built here`;
  if (built) describe(name, () => suite(built));
  else if (process.env['REQUIRE_GO']) throw new Error(`REQUIRE_GO is set and ${why}`);
  else describe.skip(`${name} (skipped: ${why})`, () => suite(''));
}

const BUILT = join(tmpdir(), 'rolecall-go-programs');
const ROOT = join(import.meta.dirname, '../../..');

/** Installed once a machine. */
function installed({ module, version }: { module: string; version: string }): string | null {
  const folder = join(BUILT, version);
  const program = join(folder, module.split('/').at(-1) ?? '');
  if (existsSync(program)) return program;
  const env = { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod' };
  return run(['install', `${module}@${version}`], ROOT, env) ? program : null;
}

/** Compiled once for each form of its sources. */
function compiled(folder: string): string | null {
  const sources = join(ROOT, folder);
  const sum = createHash('sha256');
  for (const file of ['main.go', 'go.mod', 'go.sum']) sum.update(readFileSync(join(sources, file)));
  const program = join(BUILT, sum.digest('hex').slice(0, 16), folder.split('/').at(-1) ?? '');
  if (existsSync(program)) return program;
  return run(['build', '-mod=readonly', '-o', program, '.'], sources) ? program : null;
}

function run(command: readonly string[], cwd: string, env = process.env): boolean {
  const options = { cwd, env, stdio: 'ignore', timeout: 600_000 } as const;
  return spawnSync('go', command, options).status === 0;
}
