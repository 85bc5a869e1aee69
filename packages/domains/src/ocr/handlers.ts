/** The public face of the pack on the server: deciders, the service, doors, and the work. */
export { createHttpEngine, type HttpEngineOptions, type PriceList } from './engine/http-engine.ts'
export { ocrHandlers } from './jobs/deciders.ts'
export { ocrDoors, type OcrDoorsOptions } from './jobs/doors.ts'
export {
  ocrJobStatuses,
  type OcrAct,
  type OcrHold,
  type OcrJob,
  type OcrJobStatus,
  type OcrQueueStatus,
} from './jobs/ocr-job.ts'
export {
  ocrJobsOf,
  type CreateJobParams,
  type OcrCosts,
  type OcrJobService,
  type OcrJobsOptions,
} from './jobs/ocr-jobs.ts'
export {
  readInProcesses,
  readingJobs,
  type FindMedia,
  type MediaFile,
  type ReadingOptions,
} from './jobs/reading-jobs.ts'
export { readingWork } from './jobs/reading-work.ts'
