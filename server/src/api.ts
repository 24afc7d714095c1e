/**
 * The API's records, requests and events as types, for clients in TypeScript:
 * `import type { Room } from '@rolecall/server/api'`. They are inferred from the schemas that check
 * requests and describe answers, in the form that JSON carries.
 */
import type { z } from 'zod';
import type * as alarms from './alarms/alarms.schemas.js';
import type * as apiKeys from './api-keys/api-keys.schemas.js';
import type * as assignments from './assignments/assignments.schemas.js';
import type * as auth from './auth/auth.schemas.js';
import type * as bulk from './bulk/bulk.schemas.js';
import type * as anomalies from './audit/anomalies/anomalies.schemas.js';
import type * as exposure from './audit/exposure.schemas.js';
import type * as log from './audit/log/log.schemas.js';
import type * as sessions from './audit/sessions.schemas.js';
import type * as recognize from './audit/recognize/recognize.schemas.js';
import type * as timelines from './audit/timelines/timelines.schemas.js';
import type * as views from './audit/views/views.schemas.js';
import type { actorKindResponse } from './common/http/fields.js';
import type { Wire } from './common/http/wire.js';
import type { Frames } from './events/frames.js';
import type * as voidTokens from './gate/void-tokens.schemas.js';
import type * as grants from './grants/responses.js';
import type { roleGrantsSchema } from './grants/role-grants-schema.js';
import type * as explanations from './issuance/explanations.schemas.js';
import type * as issuance from './issuance/issuance.schemas.js';
import type * as ledger from './ledger/ledger.schemas.js';
import type * as reviews from './ledger/reviews/reviews.schemas.js';
import type * as retention from './ledger/retention/retention.schemas.js';
import type * as integrity from './ledger/integrity/integrity.schemas.js';
import type * as proof from './ledger/sealing/proof.schemas.js';
import type * as operators from './operators/operators.schemas.js';
import type * as peeks from './peeks/peeks.schemas.js';
import type * as receipts from './receipts/receipts.schemas.js';
import type * as roleTemplates from './role-templates/role-templates.schemas.js';
import type * as rooms from './rooms/rooms.schemas.js';
import type * as scenes from './scenes/scenes.schemas.js';
import type * as seats from './seats/views/seats.schemas.js';
import type * as stage from './stage/stage.schemas.js';
import type * as status from './status/status.schemas.js';
import type * as users from './users/users.schemas.js';

type Answer<S extends z.ZodType> = Wire<z.output<S>>;
type Request<S extends z.ZodType> = z.input<S>;
type Fields<Create extends z.ZodType, Update extends z.ZodType> = Extract<
  keyof Request<Create> | keyof Request<Update>,
  string
>;

export type { Permission } from './actor/permissions.js';
export type ActorKind = Answer<typeof actorKindResponse>;
export interface Page<T> {
  data: T[];
  pageInfo: { next: string | null; prev: string | null };
}

export type Me = Answer<typeof auth.meResponse>;

export type TrackSource = Answer<typeof grants.trackSourceResponse>;
export type Grants = Answer<typeof roleGrantsSchema>;
export type RoleSource = Answer<typeof grants.roleSourceResponse>;
export type Because = Answer<typeof grants.becauseResponse>;

export type Reviews = Answer<typeof reviews.reviewsResponse>;

export type User = Answer<typeof users.userResponse>;
export type LookAlikes = Answer<typeof users.lookAlikesResponse>;

export type Room = Answer<typeof rooms.updatedRoomResponse>;
export type ClosedRoom = Answer<typeof rooms.closedRoomResponse>;
export type ActiveScene = Answer<typeof rooms.activeSceneResponse>;
export type SceneRule = Answer<typeof rooms.sceneRuleResponse>;
export type Scene = Answer<typeof scenes.sceneResponse>;
export type SceneEntered = Answer<typeof scenes.sceneEnteredResponse>;

export type RoleTemplate = Answer<typeof roleTemplates.templateResponse>;
export type TemplateDraft = NonNullable<RoleTemplate['draft']>;
export type TemplateVersion = Answer<typeof roleTemplates.versionResponse>;
export type TemplateDiff = Answer<typeof roleTemplates.diffResponse>;
export type TemplateImpact = Answer<typeof roleTemplates.impactResponse>;
export type TemplatePreview = Answer<typeof roleTemplates.templatePreviewResponse>;
export type PublishedVersion = Answer<typeof roleTemplates.publishedResponse>;

export type Assignment = Answer<typeof assignments.assignmentResponse>;
export type Subject = Assignment['subject'];
export type Scope = Assignment['scope'];
export type AssignmentStatus = Assignment['status'];

export type Operator = Answer<typeof operators.operatorResponse>;
export type CreatedOperator = Answer<typeof operators.createdOperatorResponse>;
export type OperatorAccess = Request<typeof operators.createOperatorBody>['access'] extends
  (infer A)[] | undefined
  ? A
  : never;
export type AccessRole = Answer<typeof operators.accessRoleResponse>;
export type PermissionRecord = Answer<typeof operators.permissionResponse>;
export type ApiKey = Answer<typeof apiKeys.apiKeyResponse>;
export type CreatedApiKey = Answer<typeof apiKeys.createdApiKeyResponse>;

export type LedgerEntry = Answer<typeof ledger.ledgerEntryResponse>;
export type Issuance = Answer<typeof ledger.issuanceResponse>;
export type Acts = Answer<typeof log.actsResponse>;
export type Act = Acts['data'][number];
export type ActStep = Act['steps'][number];
export type ActPerson = Answer<typeof log.personResponse>;
export type RoleChip = Answer<typeof log.roleChipResponse>;
export type LedgerFacets = Answer<typeof log.facetsResponse>;
export type LedgerFacet = LedgerFacets['data'][number];
export type FacetField = LedgerFacet['field'];
export type LedgerHistogram = Answer<typeof log.histogramResponse>;
export type RecognizedToken = Answer<typeof recognize.recognizedResponse>;
export type Anomalies = Answer<typeof anomalies.anomaliesResponse>;
export type Anomaly = Anomalies['data'][number];
export type AnomalyRows = Answer<typeof anomalies.anomalyRowsResponse>;
export type AnomalyRow = AnomalyRows['data'][number];
export type PersonTimeline = Answer<typeof timelines.personTimelineResponse>;
export type RoomTimeline = Answer<typeof timelines.roomTimelineResponse>;
export type OperatorTimeline = Answer<typeof timelines.operatorTimelineResponse>;
export type TimelineLane = PersonTimeline['lanes'][number];
export type TimelineSegment = TimelineLane['segments'][number];
export type TimelineMark = PersonTimeline['marks'][number];
export type LedgerView = Answer<typeof views.viewResponse>;
export type LedgerViewRequest = Request<typeof views.createViewBody>;
export type LedgerIntegrity = Answer<typeof integrity.integrityResponse>;
export type RoomSessionPage = Answer<typeof sessions.sessionsResponse>;
export type RoomSession = RoomSessionPage['data'][number];
export type LedgerProblem = LedgerIntegrity['problems'][number];
export type VerificationRun = LedgerIntegrity['verifications'][number];
export type VerificationClaim = Request<typeof integrity.verificationBody>;
export type Retention = Answer<typeof retention.retentionResponse>;
export type RetentionRule = Retention['rules'][number];
export type RetentionPreview = Answer<typeof retention.previewResponse>;
export type LegalHold = Answer<typeof retention.holdResponse>;
export type LedgerArchive = Answer<typeof retention.archiveResponse>;
export type ArchiveCheck = Answer<typeof retention.archiveCheckResponse>;
export type LedgerKeys = Answer<typeof proof.keysResponse>;
export type LedgerProof = Answer<typeof proof.proofResponse>;
export type TokenRequest = Request<typeof issuance.issueBody>;
export type IssuedToken = Answer<typeof issuance.issueResponse>;
export type TokenPreview = Answer<typeof issuance.previewResponse>;
export type Explanation = Answer<typeof explanations.explainResponse>;
export type ExposurePage = Answer<typeof exposure.exposureResponse>;
export type Exposure = ExposurePage['data'][number];
export type VoidedTokens = Answer<typeof voidTokens.voidedTokensResponse>;

export type Seat = Answer<typeof seats.seatResponse>;
export type SeatDetail = Answer<typeof seats.seatDetailResponse>;
export type SeatTrack = Seat['tracks'][number];
export type Hold = NonNullable<Seat['hold']>;
export type SeatChange = Answer<typeof seats.seatChangeResponse>;
export type SeatPreview = Answer<typeof seats.seatPreviewResponse>;
export type SeatOperation = Answer<typeof seats.seatOperationResponse>;
export type Peek = Answer<typeof peeks.peekResponse>;

export type BulkRequest = Request<typeof bulk.bulkBody>;
export type BulkStarted = Answer<typeof bulk.bulkStartedResponse>;
export type BulkOperation = Answer<typeof bulk.bulkOperationResponse>;
export type BulkStatus = BulkOperation['status'];
export type BulkTarget = Answer<typeof bulk.targetResponse>;

export type Stage = Answer<typeof stage.stageResponse>;
export type StageHand = Stage['hands'][number];
export type StageLimit = Stage['limits'][number];
export type OwnStage = Answer<typeof stage.ownStageResponse>;
export type OwnReceipts = Answer<typeof receipts.ownReceiptsResponse>;
export type OwnReceipt = OwnReceipts['data'][number];
export type Receipt = Answer<typeof receipts.receiptResponse>;
export type ApprovedHand = Answer<typeof stage.approvedResponse>;
export type ApprovedNext = Answer<typeof stage.approvedNextResponse>;
export type ApprovedHands = Answer<typeof stage.approvedManyResponse>;

export type Alarm = Answer<typeof alarms.alarmResponse>;

export type SystemStatus = Answer<typeof status.statusResponse>;

/** What a request that creates or changes a record may carry, by the name of the resource. */
export interface RequestFields {
  users: Fields<typeof users.createUserBody, typeof users.updateUserBody>;
  rooms: Fields<typeof rooms.createRoomBody, typeof rooms.updateRoomBody>;
  'role-templates': Fields<
    typeof roleTemplates.createTemplateBody,
    typeof roleTemplates.createTemplateBody
  >;
  assignments: Fields<
    typeof assignments.createAssignmentBody,
    typeof assignments.updateAssignmentBody
  >;
  operators: Fields<typeof operators.createOperatorBody, typeof operators.updateOperatorBody>;
  'api-keys': Fields<typeof apiKeys.createApiKeyBody, typeof apiKeys.createApiKeyBody>;
}

/** What the list of a resource can be sorted and filtered by. */
export interface ListQueries {
  users: z.output<typeof users.listUsersQuery>;
  rooms: z.output<typeof rooms.listRoomsQuery>;
  'role-templates': z.output<typeof roleTemplates.listTemplatesQuery>;
  assignments: z.output<typeof assignments.listAssignmentsQuery>;
  operators: z.output<typeof operators.listOperatorsQuery>;
  'api-keys': z.output<typeof apiKeys.listApiKeysQuery>;
  alarms: z.output<typeof alarms.listAlarmsQuery>;
}

/** The messages of `GET /api/v1/events`, by their event. */
export type Events = Wire<Frames>;
export type Acting = Events['acting'];
