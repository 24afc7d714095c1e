/** The language of the log's search, for the server and the dashboard alike: no I/O, no Node. */
export {
  groupOfKind,
  isKindGroup,
  KIND_FAMILY_GROUPS,
  KIND_GROUPS,
  type KindFamilyGroup,
  type KindGroup,
} from '../kind-groups.js';
export {
  type FieldDeclaration,
  fieldNamed,
  isMatchField,
  MATCH_FIELDS,
  type MatchField,
  QUERY_FIELDS,
  type QueryField,
} from './fields.js';
export {
  type Choice,
  type DurationBound,
  type DurationOperator,
  EMPTY_QUERY,
  type LogQuery,
  type QueryTime,
  type QueryValue,
  withoutField,
  withoutValue,
  withValue,
} from './log-query.js';
export {
  MAX_QUERY,
  type ParsedQuery,
  type ParsedTerm,
  parseQuery,
  type QueryError,
  type WrongQuery,
} from './parse.js';
export { printMatch, printQuery, printValue } from './print.js';
export { inZone, isTimeZone, partsIn, printDuration, printTime, timesOf } from './times.js';
export { ACTOR_KINDS, ORIGINS, OUTCOME_WORDS } from './words.js';
