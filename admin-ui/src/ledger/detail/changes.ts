type Fields = Record<string, unknown>;

export interface Change {
  /** A right or role that has words of its own, or the name of a field as it is. */
  name: string;
  sort: 'role' | 'right' | 'field';
  before: unknown;
  after: unknown;
}

/** The rights of a participant permission that people know by name. */
const SOURCES = ['microphone', 'camera', 'screen_share', 'screen_share_audio'] as const;
const RIGHTS = ['canSubscribe', 'canPublishData', 'hidden', 'canUpdateMetadata'] as const;
const OF_A_ROLE = new Set(['template', 'version', 'permission']);

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** What an act changed, as far as its entry says what was before and after. */
export function changesOf(payload: Fields): Change[] {
  const { before, after } = payload;
  if (!isFields(before) && !isFields(after)) return [];
  const [was, is] = [isFields(before) ? before : {}, isFields(after) ? after : {}];
  const changes: Change[] = [];
  if ('template' in was || 'template' in is) {
    const role = (state: Fields) =>
      typeof state['template'] === 'string'
        ? { key: state['template'], version: numberIn(state['version']) }
        : null;
    if (!isSame(role(was), role(is))) {
      changes.push({ name: 'role', sort: 'role', before: role(was), after: role(is) });
    }
  }
  const [could, can] = [was['permission'], is['permission']];
  if (isFields(could) || isFields(can)) changes.push(...rightsOf(could, can));
  for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) {
    // Nothing before and nothing now is no change, however it is written.
    if (OF_A_ROLE.has(name) || isSame(was[name] ?? null, is[name] ?? null)) continue;
    changes.push({ name, sort: 'field', before: was[name], after: is[name] });
  }
  return changes;
}

function rightsOf(before: unknown, after: unknown): Change[] {
  const rights = [
    ...SOURCES.map((name) => ({ name, read: (state: unknown) => mayPublish(state, name) })),
    ...RIGHTS.map((name) => ({
      name,
      read: (state: unknown) => (isFields(state) ? state[name] === true : null),
    })),
  ];
  return rights
    .map(({ name, read }) => ({
      name,
      sort: 'right' as const,
      before: read(before),
      after: read(after),
    }))
    .filter((change) => change.before !== change.after);
}

/** Without a list of sources, `canPublish` means every source. */
function mayPublish(state: unknown, source: string): boolean | null {
  if (!isFields(state)) return null;
  const sources = state['canPublishSources'];
  if (Array.isArray(sources) && sources.length > 0) {
    const isNamed = sources.some((one) => String(one).toLowerCase() === source);
    return state['canPublish'] !== false && isNamed;
  }
  return state['canPublish'] === true;
}

const numberIn = (value: unknown) => (typeof value === 'number' ? value : null);
