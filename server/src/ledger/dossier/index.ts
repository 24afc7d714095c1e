/** What a dossier's own page runs: it proves and reads the data of the file; for browsers too. */
export { checkDossier, type DossierReport, type KnownOfLog } from './check-dossier.js';
export {
  type Dossier,
  type DossierEntry,
  type DossierManifest,
  type DossierRole,
  readDossierManifest,
} from './dossier-format.js';
export {
  type Attendance,
  type Decision,
  type Lane,
  reportOf,
  type SessionReport,
  type Stretch,
} from './session-report.js';
export { parsePolicy } from '../witness/policy.js';
export type { Cosignature } from '../remote/checked-cosignatures.js';
export type { CheckEd25519 } from '../remote/checked-signatures.js';
export type { Finding } from '../verify/finding.js';
