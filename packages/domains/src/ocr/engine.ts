/** The public face of the engines: open one, give it files, get text and fields. */
export { type ComputePrice, computePrice, createLocalEngine, type LocalEngineOptions } from './engine/local-engine.ts'
export {
  type Cost,
  type JobType,
  type Line,
  type OcrEngine,
  OcrError,
  type OcrErrorCode,
  type Page,
  type Point,
  type Polygon,
  type Recognition,
  type RecognitionControl,
  type RecognitionRequest,
  type Usage,
  type Word,
} from './engine/ocr-engine.ts'
export { type EngineName, engineNames, type EngineOptions, openOcrEngine } from './engine/open-engine.ts'
export type { PageReader } from './engine/page-reader.ts'
export { type PageLimits, pageLimits } from './engine/page-limits.ts'
export type { Picture } from './engine/picture.ts'
