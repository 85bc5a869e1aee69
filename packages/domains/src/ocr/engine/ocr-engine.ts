/**
 * The port of everything that reads pictures: what goes in, what comes out, and how it fails.
 *
 * An engine never answers with a guess: what it could not read is absent, what it read without being sure is marked
 * in `needsReview` with the reasons. Coordinates are pixels of the page as a person sees it, turned by its EXIF
 * orientation and nothing else, from the top left.
 */
import type { ReadDocument } from '../extraction/read-document.ts'

/** A corner: x to the right, y down. */
export type Point = readonly [x: number, y: number]

/** Four corners, clockwise from where the text begins at the top. */
export type Polygon = readonly [Point, Point, Point, Point]

/** A word, and how sure the engine is of it: 0 to 1. */
export type Word = { readonly text: string; readonly confidence: number; readonly polygon: Polygon }

/** A line in reading order: words that stand beside one another, separated by one space in `text`. */
export type Line = {
  readonly text: string
  readonly confidence: number
  readonly polygon: Polygon
  readonly words: readonly Word[]
}

/** A page with its lines from top to bottom. */
export type Page = {
  readonly width: number
  readonly height: number
  readonly words: readonly Word[]
  readonly lines: readonly Line[]
}

/** What a picture is said to show. */
export type JobType = 'receipt' | 'invoice' | 'handwritten'

/** A file to read. */
export type RecognitionRequest = {
  readonly bytes: Uint8Array
  /** What the sender says the file is. The bytes decide; a contradiction is refused. */
  readonly mime?: string
  readonly jobType: JobType
  /** BCP 47 languages that the text may be in; empty for whatever the engine knows. */
  readonly languages: readonly string[]
}

/** How long it may take, and how to stop it. */
export type RecognitionControl = { readonly signal?: AbortSignal; readonly deadlineMs: number }

/** What a recognition used. */
export type Usage = { readonly pages: number; readonly pixels: number; readonly computeMs: number }

/** What a recognition costs, in millionths of the currency's unit. */
export type Cost = { readonly micros: number; readonly currency: string; readonly priceListVersion: string }

/** What was read. */
export type Recognition = {
  /** The engine that read it, with its version. */
  readonly engine: string
  readonly pages: readonly Page[]
  readonly document: ReadDocument
  readonly usage: Usage
  readonly cost: Cost
  readonly needsReview: boolean
}

/** Reads files. Fails with {@link OcrError}. */
export type OcrEngine = {
  /** Its name, for people and for the record. */
  readonly name: string
  recognize(request: RecognitionRequest, control: RecognitionControl): Promise<Recognition>
  /** Gives its memory and threads back. A later recognition fails. */
  close(): Promise<void>
}

/** Why a file was not read. */
export type OcrErrorCode =
  /** The file is empty. */
  | 'empty'
  /** The file is none of the kinds that can be read, or not what it is said to be. */
  | 'unsupported'
  /** The file is cut off or broken. */
  | 'damaged'
  /** The file has more bytes or pixels than are taken. */
  | 'too-large'
  /** The file has more pages than are taken. */
  | 'too-many-pages'
  /** The file asks for a password. */
  | 'encrypted'
  /** The engine cannot run here: a package is missing or does not load. */
  | 'engine-unavailable'
  /** The deadline has passed. */
  | 'timed-out'
  /** The caller has stopped it. */
  | 'aborted'
  /** The engine broke while it read. */
  | 'engine-failed'

/** The codes that say something about the file: the same file will fail again, so nobody needs to try. */
const aboutTheFile: ReadonlySet<OcrErrorCode> = new Set<OcrErrorCode>([
  'empty',
  'unsupported',
  'damaged',
  'too-large',
  'too-many-pages',
  'encrypted',
])

/** A file that was not read, with the reason for programs and a sentence for people. */
export class OcrError extends Error {
  override readonly name = 'OcrError'
  /** The reason, to branch on. */
  readonly code: OcrErrorCode
  /** What the try has cost all the same, where the engine knows. */
  readonly cost: Cost | undefined

  constructor(code: OcrErrorCode, message: string, options: { cause?: unknown; cost?: Cost } = {}) {
    super(message, options)
    this.code = code
    this.cost = options.cost
  }

  /** True if another try with the same file is in vain. */
  get isAboutTheFile(): boolean {
    return aboutTheFile.has(this.code)
  }
}
