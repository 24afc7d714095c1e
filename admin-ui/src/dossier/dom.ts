type Child = Node | string | null;

/** An element with children. Text is only ever text: nothing of a dossier is read as HTML. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function drawing<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** What somebody else wrote: its direction ends with it. */
export function quoted(text: string): HTMLElement {
  return element('bdi', { translate: 'no' }, text);
}

/** The same where no elements are: with Unicode's isolates around it. */
export function isolated(text: string): string {
  return `\u2068${text.replace(/[\u2066-\u2069]/g, '')}\u2069`;
}

/** Text that is not broken into lines, such as a time. */
export function whole(text: string): HTMLElement {
  return element('span', { class: 'whole' }, text);
}

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Child | readonly Child[];
  readonly isNumber?: boolean;
}

/** A table that can be scrolled with the keyboard; a sentence where it has no rows. */
export function table<Row>(
  caption: string,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  empty: string,
): HTMLElement {
  if (rows.length === 0) return element('p', { class: 'quiet' }, empty);
  const heads = columns.map(({ title, isNumber }) =>
    element('th', { scope: 'col', ...(isNumber && { class: 'number' }) }, title),
  );
  const body = element('tbody', {});
  for (const row of rows) {
    const cells = columns.map(({ cell, isNumber }, i) => {
      const children = [cell(row)].flat() as Child[];
      const attributes: Record<string, string> = isNumber ? { class: 'number' } : {};
      return i === 0
        ? element('th', { ...attributes, scope: 'row' }, ...children)
        : element('td', attributes, ...children);
    });
    body.append(element('tr', {}, ...cells));
  }
  return element(
    'div',
    { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': caption },
    element(
      'table',
      {},
      element('caption', { class: 'hidden' }, caption),
      element('thead', {}, element('tr', {}, ...heads)),
      body,
    ),
  );
}

export function section(title: string, ...children: readonly Child[]): HTMLElement {
  const id = title.toLowerCase().replace(/[^a-z]+/g, '-');
  return element('section', { 'aria-labelledby': id }, element('h2', { id }, title), ...children);
}

export function facts(all: readonly (readonly [string, Child])[]): HTMLElement {
  return element(
    'dl',
    {},
    ...all.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  );
}
