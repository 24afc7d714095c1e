/** What verifies a log over HTTP, with hashes and signatures that the caller makes; for browsers too. */
export { areEqual, fromHex, toText } from '../tree/bytes.js';
export { rootOfInclusion, TreeHasher } from '../tree/merkle.js';
export { type BundleRef, bundlePath, decodeBundle, tilePath, type TileRef } from '../tree/tiles.js';
export { parseVerifierKey } from '../tree/note.js';
export type { PublishedKey } from '../tree/key-chain.js';
export { type Finding, findingText } from '../verify/finding.js';
export type { CheckEd25519 } from './checked-signatures.js';
export { checkLog, type LogFiles, type LogReport } from './check-log.js';
export { forgottenIn } from './forgotten-in.js';
export { readLogHead, type LogHead } from './log-head.js';
