import { CreateRolecall1795226400000 } from './1795226400000-CreateRolecall.js';
import { MatchRoomPatterns1795226460000 } from './1795226460000-MatchRoomPatterns.js';
import { ModerateLive1795226520000 } from './1795226520000-ModerateLive.js';
import { PeekAtSeats1795226580000 } from './1795226580000-PeekAtSeats.js';
import { UpdateSeatsInPlace1795226640000 } from './1795226640000-UpdateSeatsInPlace.js';
import { MuteInsteadOfRevoke1795226760000 } from './1795226760000-MuteInsteadOfRevoke.js';
import { SearchAllText1795226820000 } from './1795226820000-SearchAllText.js';
import { TrustTheDatabaseClock1795226880000 } from './1795226880000-TrustTheDatabaseClock.js';
import { AppendThroughOneFunction1795226940000 } from './1795226940000-AppendThroughOneFunction.js';
import { KeepKindsOfActors1795226940001 } from './1795226940001-KeepKindsOfActors.js';
import { SlowDownGuesses1795227000000 } from './1795227000000-SlowDownGuesses.js';
import { AwaitConnections1795300000000 } from './1795300000000-AwaitConnections.js';
import { NoteUnlistedOnce1795300000001 } from './1795300000001-NoteUnlistedOnce.js';
import { HashEveryEntry1795400000000 } from './1795400000000-HashEveryEntry.js';
import { SealTheLedger1795410000000 } from './1795410000000-SealTheLedger.js';
import { KeepCosignatures1795420000000 } from './1795420000000-KeepCosignatures.js';
import { RaiseAlarms1795430000000 } from './1795430000000-RaiseAlarms.js';
import { WatchPolicyTables1795430000001 } from './1795430000001-WatchPolicyTables.js';
import { ReadPastPolicy1795440000000 } from './1795440000000-ReadPastPolicy.js';
import { ReviewTheLedger1795460000000 } from './1795460000000-ReviewTheLedger.js';
import { ReadTokenHashOnce1796500100000 } from './1796500100000-ReadTokenHashOnce.js';
import { SearchTheLedger1796500200000 } from './1796500200000-SearchTheLedger.js';
import { KeepLedgerViews1796500200001 } from './1796500200001-KeepLedgerViews.js';
import { KeepWhatStrangersBrought1796500400000 } from './1796500400000-KeepWhatStrangersBrought.js';
import { ForgetReviewers1796500400001 } from './1796500400001-ForgetReviewers.js';
import { KeepBroughtOfDeletedRooms1796500500000 } from './1796500500000-KeepBroughtOfDeletedRooms.js';
import { KeepWhoMadeViews1796500600000 } from './1796500600000-KeepWhoMadeViews.js';
import { WatchWhatBoundsRights1796500700000 } from './1796500700000-WatchWhatBoundsRights.js';
import { StreamTheLedger1796500900000 } from './1796500900000-StreamTheLedger.js';
import { ReadWhatIsWritten1796501100000 } from './1796501100000-ReadWhatIsWritten.js';
import { ForgetByRule1796600000000 } from './1796600000000-ForgetByRule.js';
import { EraseOnRequest1796600100000 } from './1796600100000-EraseOnRequest.js';
import { GuardForgetting1796700000000 } from './1796700000000-GuardForgetting.js';

/** Every migration, oldest first. One that has landed is never edited. */
export const migrations = [
  CreateRolecall1795226400000,
  MatchRoomPatterns1795226460000,
  ModerateLive1795226520000,
  PeekAtSeats1795226580000,
  UpdateSeatsInPlace1795226640000,
  MuteInsteadOfRevoke1795226760000,
  SearchAllText1795226820000,
  TrustTheDatabaseClock1795226880000,
  AppendThroughOneFunction1795226940000,
  KeepKindsOfActors1795226940001,
  SlowDownGuesses1795227000000,
  AwaitConnections1795300000000,
  NoteUnlistedOnce1795300000001,
  HashEveryEntry1795400000000,
  SealTheLedger1795410000000,
  KeepCosignatures1795420000000,
  RaiseAlarms1795430000000,
  WatchPolicyTables1795430000001,
  ReadPastPolicy1795440000000,
  ReviewTheLedger1795460000000,
  ReadTokenHashOnce1796500100000,
  SearchTheLedger1796500200000,
  KeepLedgerViews1796500200001,
  KeepWhatStrangersBrought1796500400000,
  ForgetReviewers1796500400001,
  KeepBroughtOfDeletedRooms1796500500000,
  KeepWhoMadeViews1796500600000,
  WatchWhatBoundsRights1796500700000,
  StreamTheLedger1796500900000,
  ReadWhatIsWritten1796501100000,
  ForgetByRule1796600000000,
  EraseOnRequest1796600100000,
  GuardForgetting1796700000000,
];
