import type { Locator, Page } from 'playwright-core';
import type { Visitor } from '../support/visitor.js';

export type Capability =
  'see and hear others' | 'speak' | 'show your camera' | 'share your screen' | 'send messages';

/** A participant's page: stock livekit-client with the browser's synthetic camera. */
export class JoinPage {
  readonly state: Locator;

  constructor(readonly page: Page) {
    this.state = page.getByRole('banner').getByRole('status');
  }

  /** As somebody who is not signed in. */
  static async open(visitor: Visitor, room: string): Promise<JoinPage> {
    visitor.allow(
      /status of 401 .*\/api\/v1\/me\b/,
      'the page asks whether its visitor is an operator, and the browser writes the no down',
    );
    return new JoinPage(await visitor.goto(`/join/${encodeURIComponent(room)}`));
  }

  /** As somebody who was sent a token. */
  static async withToken(visitor: Visitor, room: string, token: string): Promise<JoinPage> {
    const join = await JoinPage.open(visitor, room);
    await join.enter(token);
    return join;
  }

  async enter(token: string): Promise<void> {
    await this.page.getByLabel('Token', { exact: true }).fill(token);
    await this.button('Join').click();
    await this.untilInRoom();
  }

  untilInRoom(): Promise<void> {
    return this.state.filter({ hasText: 'In the room' }).waitFor();
  }

  /** What changed for this person, in large letters. */
  notice(text: string): Locator {
    return this.page.getByText(text, { exact: true });
  }

  /** What the moderators want, or said: as it is shown, not as it is said aloud. */
  card(text: string | RegExp): Locator {
    const cards = this.page.getByRole('region', { name: 'Your place on the stage' });
    return cards.locator('.notice').getByText(text, { exact: true });
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  untilMay(capability: Capability, may: boolean): Promise<void> {
    return this.page
      .getByRole('listitem')
      .filter({ hasText: `${may ? 'Yes' : 'No'}: ${capability}` })
      .waitFor();
  }
}
