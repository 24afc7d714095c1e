import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';

/**
 * Tests with a program of somebody else, built from its Go module at a pinned version. Reported as
 * skipped, by name, where there is no Go or the module cannot be got.
 */
export function describeWithGo(
  name: string,
  { module, version }: { module: string; version: string },
  suite: (program: string) => void,
): void {
  const program = goProgram(module, version);
  const what = `${module}@${version} cannot be built here`;
  if (program) describe(name, () => suite(program));
  else if (process.env['REQUIRE_GO']) throw new Error(`REQUIRE_GO is set and ${what}`);
  else describe.skip(`${name} (skipped: ${what})`, () => suite(''));
}

/** Built once a machine. */
function goProgram(module: string, version: string): string | null {
  const folder = join(tmpdir(), 'rolecall-go-programs', version);
  const program = join(folder, module.split('/').at(-1) ?? '');
  if (existsSync(program)) return program;
  const built = spawnSync('go', ['install', `${module}@${version}`], {
    env: { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod' },
    stdio: 'ignore',
    timeout: 600_000,
  });
  return built.status === 0 ? program : null;
}
