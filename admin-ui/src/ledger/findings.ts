const ENTRY_ID = /^[0-9a-z]{5,11}-\d{1,9}-\d{1,15}$/;

/** One finding a line; one that begins with the id of an entry is about it. */
export function findingsOf(text: string): { entry?: string; text: string }[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [first = '', ...rest] = line.split(/\s+/);
      const isAbout = ENTRY_ID.test(first) && rest.length > 0;
      return isAbout ? { entry: first, text: rest.join(' ') } : { text: line };
    });
}
