/** Chooses an engine by configuration, and takes the next one when the first cannot load. */
import { openPaddleReader } from '../reading/paddle-reader.ts'
import { openTesseractReader } from '../reading/tesseract-reader.ts'
import { type ComputePrice, createLocalEngine } from './local-engine.ts'
import { type OcrEngine, OcrError } from './ocr-engine.ts'
import type { PageReader } from './page-reader.ts'
import type { PageLimits } from './page-limits.ts'

/** The local engines, the best one first. */
export const engineNames: readonly ['pp-ocrv4', 'tesseract'] = ['pp-ocrv4', 'tesseract']

/** The name of a local engine. */
export type EngineName = (typeof engineNames)[number]

/** Which engine, and within which bounds. */
export type EngineOptions = {
  /** Only this one, without a fallback. By default the first that loads. */
  readonly engine?: EngineName
  /** How many threads one recognition may use; 2 by default. */
  readonly threads?: number
  readonly limits?: PageLimits
  readonly price?: ComputePrice
  /** Told which engine could not load, and why, before the next one is tried. */
  readonly onFallback?: (name: EngineName, error: OcrError) => void
  /** How readers are opened; for tests. */
  readonly readers?: Readonly<Record<EngineName, () => Promise<PageReader>>>
}

/** Opens an engine. Throws `engine-unavailable` when none can load. */
export async function openOcrEngine({
  engine,
  threads = 2,
  onFallback,
  readers,
  ...rest
}: EngineOptions = {}): Promise<OcrEngine> {
  const open = readers ?? { 'pp-ocrv4': async () => openPaddleReader({ threads }), tesseract: openTesseractReader }
  const wanted = engine === undefined ? engineNames : [engine]
  for (const [index, name] of wanted.entries()) {
    try {
      return createLocalEngine({ reader: await open[name](), ...rest })
    } catch (error) {
      const isLast = index === wanted.length - 1
      if (!(error instanceof OcrError) || error.code !== 'engine-unavailable' || isLast) throw error
      onFallback?.(name, error)
    }
  }
  throw new OcrError('engine-unavailable', `One of ${engineNames.join(', ')} was expected. Name one of them.`)
}
