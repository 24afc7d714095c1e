import { chmodSync, closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { PlainError } from './errors.mjs';

const BLOCK = 512;
const REGULAR_FILE = new Set(['0', '\0']);

/**
 * Writes the program `name` of the archive `file` (.tar.gz) to `target`. Nothing else of the archive
 * is written anywhere, whatever its names say. Throws a PlainError when it is not in there.
 */
export async function extractFile(file, name, target) {
  let output = null;
  let left = 0;
  let padding = 0;
  let isWanted = false;
  let rest = Buffer.alloc(0);
  try {
    const input = createGunzip();
    createReadStream(file)
      .on('error', (error) => input.destroy(error))
      .pipe(input);
    for await (const chunk of input) {
      rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      for (;;) {
        if (left > 0) {
          const piece = rest.subarray(0, left);
          if (isWanted) writeAll(output, piece);
          left -= piece.length;
          rest = rest.subarray(piece.length);
          if (left > 0) break;
          if (isWanted) {
            input.destroy();
            chmodSync(target, 0o755);
            return;
          }
        }
        if (padding > 0) {
          const skipped = Math.min(padding, rest.length);
          padding -= skipped;
          rest = rest.subarray(skipped);
          if (padding > 0) break;
        }
        if (rest.length < BLOCK) break;
        const entry = parseHeader(rest.subarray(0, BLOCK));
        rest = rest.subarray(BLOCK);
        if (!entry) continue; // the zero blocks at the end
        left = entry.size;
        padding = (BLOCK - (entry.size % BLOCK)) % BLOCK;
        isWanted =
          REGULAR_FILE.has(entry.type) && entry.name.split('/').at(-1) === name && left > 0;
        if (isWanted) output = openSync(target, 'w', 0o700);
      }
    }
  } catch (error) {
    if (error.code?.startsWith?.('Z_')) {
      throw new PlainError(`the archive cannot be read: ${error.message}`);
    }
    throw error;
  } finally {
    if (output !== null) closeSync(output);
  }
  throw new PlainError(`the archive holds no ${name}`);
}

function parseHeader(block) {
  if (block.every((byte) => byte === 0)) return null;
  const text = (from, length) => block.toString('utf8', from, from + length).split('\0')[0];
  const size = parseInt(text(124, 12).trim() || '0', 8);
  if (!Number.isSafeInteger(size) || size < 0 || text(257, 5) !== 'ustar') {
    throw new PlainError('the archive is no tar file');
  }
  return { name: text(0, 100), size, type: String.fromCharCode(block[156]) };
}

function writeAll(output, piece) {
  for (let at = 0; at < piece.length;) at += writeSync(output, piece, at);
}
