export { apiDescription } from './api/description-doors.ts'
export type { DescribedApi } from './api/openapi.ts'
export type { ApiRoute, BodyAbout, JsonSchema, RouteAbout } from './api/route-table.ts'
export type { BatchOwner } from './apply.ts'
export type { LosingSide } from './conflict.ts'
export {
  appRole,
  type Connections,
  type Database,
  type Parameter,
  type Query,
  type Row,
  type Transaction,
} from './database/database.ts'
export {
  decideBatch,
  entitiesToLoad,
  entityKey,
  idsToClaim,
  idsToRead,
  type BatchInput,
  type BatchResult,
  type EntityWrite,
  type LosingSideWrite,
  type StoredEntity,
} from './decide-batch.ts'
export { entityPageMax, type EntityPage, type IdentifiedEntity } from './entities.ts'
export { ServerError, type ServerErrorCode } from './error.ts'
export {
  applied,
  decide,
  effect,
  on,
  refused,
  type AppliedDetails,
  type ApplyDecision,
  type Decide,
  type DecideContext,
  type Decider,
  type DecidingHandler,
  type Decision,
  type Effect,
  type EffectContext,
  type EffectHandler,
  type Effector,
  type Entity,
  type Handler,
  type HandlerOptions,
  type ReceivedOperation,
  type RefuseDecision,
} from './handler.ts'
export type { StreamLimits } from './feed/event-streams.ts'
export { createFeedNotifier, feedChannel, type FeedNotifier } from './feed/feed-notifier.ts'
export type { LiveFeedOptions } from './feed/live-feed.ts'
export { holdfastAnswer, jsonAnswer, problemAnswer } from './http/answer.ts'
export { batchSizeProblem } from './http/batch-door.ts'
export {
  failureAnswer,
  methodNotAllowed,
  notFound,
  type Authenticate,
  type DoorHandler,
  type DoorRequest,
  type Session,
} from './http/door.ts'
export { restFailureOf, type RestFailure } from './http/rest-outcome.ts'
export { openJobs, type JobCounts, type Jobs, type JobSpending } from './jobs/acts.ts'
export type { JobBudget, JobCost, JobStanding } from './jobs/costs.ts'
export {
  JobError,
  onJob,
  type JobAttempt,
  type JobCircumstances,
  type JobDone,
  type JobHandler,
  type JobWork,
} from './jobs/job-handler.ts'
export { workInProcess, type JobProcesses, type JobProcessOptions } from './jobs/job-process.ts'
export { jobKind, type Job, type JobRequest, type JobToStore } from './jobs/job.ts'
export { workNow, type WorkedNow, type WorkNowOptions } from './jobs/work-now.ts'
export { runWorker, type JobWorker, type WorkerOptions } from './jobs/run-worker.ts'
export type { AdmissionLimits } from './limits/admission.ts'
export { listStoppedTypes, startType, stopType, type StoppedType } from './limits/stopped-types.ts'
export type { RequestRate } from './limits/token-buckets.ts'
export { type LedgerRow, type LedgerRows, type RecordedOutcome } from './ledger.ts'
export type { Log, LogEntry } from './log.ts'
export type { KeptSide } from './losing-sides.ts'
export type { AppliedBatch, DeviceReport, Observer } from './operate/observer.ts'
export { applyJsonPatch, applyMergePatch, patchedLengthMax, patchStepsMax, type Patched } from './patch.ts'
export {
  prepareBatch,
  type HandlersByType,
  type PrepareContext,
  type PreparedOperation,
  type Readiness,
} from './prepare.ts'
export { idsReferredTo, wavesOf } from './references.ts'
export { startRetention, type RetentionOptions, type RunningRetention } from './retention/retention.ts'
export { keepResultsMsDefault, trimResults, type TrimOptions } from './retention/trim-results.ts'
export { createSyncServer, type ServerLimits, type SyncServer, type SyncServerOptions } from './sync-server.ts'
export { wireOperationOf, type WireOperationOptions } from './wire-operation.ts'
export { webhookHandler, type WebhookSurroundings } from './webhooks/deliver-webhook.ts'
export type { WebhookEndpoint } from './webhooks/webhook-endpoint.ts'
export { webhookJobType, type WebhookEvent } from './webhooks/webhook-jobs.ts'
