import type { Capability, Source } from './capabilities';
import type { EndingKind } from './endings';
import type { PasteProblem } from './joinTicket';

/** Every word of the join page, in one place. */

const list = new Intl.ListFormat('en', { type: 'conjunction' });

const SOURCE_NAMES: Record<Source, string> = {
  microphone: 'microphone',
  camera: 'camera',
  screen_share: 'screen share',
};

const ALLOWED: Record<Capability, string> = {
  subscribe: 'see and hear others',
  microphone: 'speak',
  camera: 'show your camera',
  screen_share: 'share your screen',
  data: 'send messages',
};

interface Asker {
  by: string | null;
  byKind?: string | null;
}

/** An API key's name is no person's. */
function nameOf({ by, byKind }: Asker): string {
  if (by === null) return 'A moderator';
  return byKind === 'api_key' ? `API key ${by}` : by;
}

export const text = {
  product: 'Rolecall',
  joinTitle: 'Join a room',
  documentTitle: (room: string) => `${room} · Rolecall`,
  you: 'you',
  synthetic: 'synthetic',
  notKept: 'This browser blocks site data: after a reload you need the token again.',
  mayTitle: 'What you may do now',
  may: ALLOWED,
  yes: 'Yes',
  no: 'No',
  hidden: 'You are hidden: others do not see that you are here.',

  receiptsTitle: 'What was decided about me',
  receiptsHint:
    'From the log of this room, newest first. A receipt proves later that the log has it: save it.',
  receiptsNone: 'Nothing yet.',
  receiptsState: {
    idle: '',
    loading: 'Loading…',
    failed: 'This could not be loaded. Try again in a moment.',
    not_saved: 'The receipt is not ready yet. Try again in a second.',
  },
  receiptsRefresh: 'Load again',
  receiptsOlder: 'Older ones',
  saveReceipt: 'Save receipt',
  saveReceiptOf: (what: string) => `Save receipt: ${what}`,

  phases: {
    connecting: 'Connecting',
    connected: 'In the room',
    reconnecting: 'Reconnecting',
    ended: 'Not in the room',
  },
  connecting: (room: string) => `Connecting to ${room}`,
  connectingSlowly:
    'This takes longer than usual. LiveKit takes 15 seconds to say that somebody was refused, so please wait.',

  gained: (capabilities: Capability[]) =>
    `You may now ${list.format(capabilities.map((each) => ALLOWED[each]))}`,
  lost: (capabilities: Capability[], ended: Source[]) =>
    ended.length > 0
      ? `A moderator ended your ${list.format(ended.map((each) => SOURCE_NAMES[each]))}`
      : `You may no longer ${list.format(capabilities.map((each) => ALLOWED[each]))}`,
  lostDetail: (capabilities: Capability[]) =>
    `You may no longer ${list.format(capabilities.map((each) => ALLOWED[each]))}. You are still in the room.`,
  muted: (source: Source) => `A moderator muted your ${SOURCE_NAMES[source]}`,
  mutedDetail: 'You may turn it on again.',
  mediaFailed: (source: Source, reason: string) => {
    const name = SOURCE_NAMES[source];
    switch (reason) {
      case 'needs_https':
        return `Browsers let a page use your ${name} over https only`;
      case 'no_device':
        return `This device has no ${name}`;
      case 'browser_refused':
        return `The browser does not let this page use your ${name}`;
      case 'in_use':
        return `Another program is using your ${name}`;
      default:
        return `Your ${name} could not be turned on: ${reason}`;
    }
  },
  needsHttps:
    'This page was opened without https, so the browser gives it no camera, microphone or screen. You can watch, listen and write.',
  openAt: (address: string) => `Open ${address}`,
  useSynthetic: (source: Source) => `Use a synthetic ${SOURCE_NAMES[source]}`,
  turnOnSources: (sources: Source[]) =>
    `Turn on ${list.format(sources.map((each) => SOURCE_NAMES[each]))}`,
  turnOnOnly: (source: Source) => `Only the ${SOURCE_NAMES[source]}`,
  dismiss: 'Dismiss',

  controls: 'Your microphone, camera and screen',
  control: (source: Source, isOn: boolean, isSynthetic: boolean) => {
    if (source === 'screen_share') return isOn ? 'Stop sharing' : 'Share screen';
    if (isSynthetic) return `Synthetic ${SOURCE_NAMES[source]} on`;
    return `${source === 'camera' ? 'Camera' : 'Microphone'} ${isOn ? 'on' : 'off'}`;
  },
  mayNot: (source: Source) => `You may not ${ALLOWED[source]} in this room`,
  mediaChoice: 'Send from',
  mediaChoices: { device: 'this device', synthetic: 'a synthetic source' },
  leave: 'Leave',

  stage: 'Your place on the stage',
  raiseHand: 'Raise hand',
  lowerHand: 'Lower hand',
  handKey: 'H raises and lowers your hand',
  handUp: (position: number) =>
    position === 1
      ? 'Your hand is up. You are next.'
      : `Your hand is up. ${position - 1} ahead of you.`,
  handFor: (waited: string) => `Up for ${waited}`,
  handAway: 'Your hand was lowered because you were away.',
  note: 'What is it about? (optional)',
  addNote: 'Add',
  noteAdded: (note: string) => `About: ${note}`,
  declined: 'A moderator lowered your hand',
  declinedWord: (word: string) => `They say: ${word}`,
  placesTaken: (taken: number, slots: number, role: string) =>
    slots === 0
      ? `Nobody can be ${role} here right now.`
      : `All ${Math.max(taken, slots)} places for ${role} are taken. You keep your place in the queue.`,
  invited: (role: string, asker: Asker) => `${nameOf(asker)} invites you to the stage as ${role}`,
  accept: 'Accept',
  notNow: 'Not now',
  left: (rest: string) => `${rest} left`,
  asked: (source: Source, asker: Asker) =>
    `${nameOf(asker)} asks you to turn on your ${SOURCE_NAMES[source]}`,
  unmute: (source: Source) => (source === 'microphone' ? 'Unmute' : 'Turn on camera'),
  stayMuted: (source: Source) => (source === 'microphone' ? 'Stay muted' : 'Keep it off'),
  stepDown: 'Step down',
  held: (sources: string[]) => `A moderator is holding your ${list.format(sources)} silent`,
  heldDetail: 'You cannot turn it on until a moderator releases it.',
  heldUntil: (time: string) =>
    `You cannot turn it on until ${time}, or until a moderator releases it.`,
  sceneHolds: (scene: string) => `The scene “${scene}” is active: you may do less for now.`,
  stageExpired:
    'Your token has expired. You stay in the room, but to raise your hand you need to join again with a new token.',
  stageUnreachable: 'Rolecall does not respond. Try again in a moment.',

  people: (count: number) => (count === 1 ? '1 person here' : `${count} people here`),
  aloneTitle: 'Nobody else is here yet',
  noPictures: 'Nobody shows video',
  screenOf: (name: string) => `Screen of ${name}`,
  cameraOf: (name: string) => `Camera of ${name}`,
  microphoneOn: 'microphone on',
  microphoneOff: 'microphone off',
  speaking: 'speaking',
  soundBlocked: 'The browser keeps the sound off until you turn it on.',
  turnSoundOn: 'Turn on sound',

  chat: 'Messages',
  chatEmpty: 'No messages yet.',
  chatPlaceholder: 'Write to everybody',
  chatSend: 'Send',
  chatMayNot: 'You may not send messages in this room. You still see what others write.',
  somebodyHidden: 'Hidden participant',

  endings: {
    left: ['You left the room', 'Your token stays in this tab until you close it.'],
    removed: ['A moderator removed you from this room', ''],
    room_ended: ['The room has ended', 'Everybody was disconnected.'],
    other_window: [
      'You joined from somewhere else',
      'An identity can be in a room only once, so this window left. Joining here disconnects the other one.',
    ],
    server_stopped: ['The LiveKit server is stopping', 'Try again in a moment.'],
    connection_lost: ['The connection was lost', 'The browser tried to reconnect and gave up.'],
    token_expired: ['The token has expired', 'Ask for a new one, or get one below.'],
    refused: ['You could not join', ''],
    room_missing: [
      'This room is not open yet',
      'LiveKit does not know it. It is created when somebody gets a token with “create the room”.',
    ],
    full_or_fault: [
      'LiveKit refused the connection',
      'The room is full, or the server has a problem: LiveKit gives the same answer for both.',
    ],
    timed_out: [
      'The connection timed out',
      'You were probably refused: LiveKit then says nothing for 15 seconds. Otherwise a firewall may be blocking the media.',
    ],
    unreachable: ['The LiveKit server does not respond', 'Check its address and try again.'],
  } satisfies Record<EndingKind, [string, string]>,
  reason: 'Why',
  askingWhy: 'Asking why…',
  joinAgain: 'Join again',
  retry: 'Try again',
  otherToken: 'Use another token',

  waitingForHandover: 'Waiting for the token from the window that opened this page…',
  makeTitle: 'Join as somebody',
  makeHint: 'You are signed in and may issue tokens. The role comes from the assignments.',
  identity: 'Identity',
  identityHint: 'The LiveKit identity, such as ana',
  roomField: 'Room',
  makeToken: 'Get a token and join',
  makingToken: 'Getting a token…',
  pasteTitle: 'Join with a token',
  pasteHint: 'Paste a token, or the whole API response that contains it.',
  token: 'Token',
  serverUrl: 'LiveKit address',
  pasteToken: 'Join',
  pasteProblems: {
    empty: 'Paste a token first.',
    not_a_token: 'This is not a token.',
    no_room: 'This token does not let anybody join a room.',
    expired: 'This token has expired.',
  } satisfies Record<PasteProblem, string>,
  otherRoom: (room: string) => `This token is for another room, ${room}.`,
  goToRoom: (room: string) => `Join ${room}`,
  required: 'Fill this in.',
};
