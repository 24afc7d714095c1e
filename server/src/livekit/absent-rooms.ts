import { AppError } from '../common/errors/app-error.js';
import { RoomsPort } from './rooms-port.js';

/** Stands in when no LiveKit server is configured: everything but live rooms works. */
export class AbsentRooms extends RoomsPort {
  listRooms = refuse;
  createRoom = refuse;
  deleteRoom = refuse;
  updateRoomMetadata = refuse;
  listParticipants = refuse;
  findParticipant = refuse;
  setPermission = refuse;
  removeParticipant = refuse;
  muteTrack = refuse;
  unmuteTrack = refuse;
  hint = refuse;
}

function refuse(): Promise<never> {
  return Promise.reject(
    new AppError(
      'unavailable',
      'livekit.absent',
      'No LiveKit server is configured. Set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET.',
    ),
  );
}
