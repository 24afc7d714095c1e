// Loaded into Rolecall before it starts: notes every call of LiveKit's API in the file BENCH_CALLS, a
// line of JSON each, with when it went out and when it was answered (epoch, ms), the person whom it is
// about and how many tracks LiveKit's answer says that they have.
import { createWriteStream } from 'node:fs';
import { TwirpClient } from '../../server/dist/livekit/twirp-client.js';

const notes = createWriteStream(process.env.BENCH_CALLS);
const { call } = TwirpClient.prototype;

TwirpClient.prototype.call = async function (what) {
  const { method, request } = what;
  const note = { method, identity: request.identity ?? null, at: Date.now() };
  try {
    const answer = await call.call(this, what);
    note.answered = Date.now();
    note.tracks = answer.tracks?.length ?? null;
    return answer;
  } finally {
    notes.write(`${JSON.stringify(note)}\n`);
  }
};
