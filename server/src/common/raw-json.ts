const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},]/gsu;

/**
 * The text of a member of an object in JSON, as it was written; null: there is none. The JSON has to be
 * valid. For what is hashed: V8 may read a key of one escaped character as a backslash
 * (https://github.com/nodejs/node/issues/63785), so that text that was parsed is not always the same.
 */
export function rawMember(json: string, name: string): string | null {
  let depth = 0;
  let key: string | null = null;
  let start = 0;
  let found: string | null = null; // of several the last one counts, as for JSON.parse
  for (const { 0: token, index } of json.matchAll(TOKEN)) {
    const isEnd = token === '}' || token === ']';
    if (depth === 1 && (token === ',' || isEnd)) {
      if (key === name) found = json.slice(start, index).trim();
      key = null;
    }
    if (token === '{' || token === '[') depth++;
    else if (isEnd) depth--;
    else if (depth === 1 && key === null && token !== ',') {
      key = JSON.parse(token) as string;
      start = json.indexOf(':', index + token.length) + 1;
    }
  }
  return found;
}
