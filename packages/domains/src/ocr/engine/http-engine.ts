/**
 * An engine elsewhere: a provider that reads pages over HTTP. It sends the file, gets lines with their places, and hands
 * them to the same rules of extraction as a local engine, so that fields mean the same whoever has read them.
 *
 * Nothing is taken for a reading that is not one. What was sent may have to be paid for even when no answer came, so such
 * a failure names its cost.
 */
import { isRecord } from '@holdfast/core'
import { extractDocument } from '../extraction/extract.ts'
import { fileKind } from './file-kind.ts'
import { OcrError, type Cost, type OcrEngine, type OcrErrorCode, type Page } from './ocr-engine.ts'
import { pageLimits } from './page-limits.ts'
import { parsePlainPages } from './plain-pages.ts'

/** What a provider takes. */
export type PriceList = {
  readonly microsPerRequest: number
  readonly microsPerPage: number
  readonly currency: string
  readonly version: string
}

/** A provider. */
export type HttpEngineOptions = {
  /** For people and for the record. */
  readonly name: string
  readonly url: string
  /** Sent as a bearer token; never logged, and in no error. */
  readonly key: string
  readonly price: PriceList
  /** How long one request may take, ms, within the job's own deadline; default 30 s. */
  readonly timeoutMs?: number
  /** Most bytes of an answer; default 16 MiB. */
  readonly answerBytesMax?: number
  /** Reads the provider's own form of an answer; `undefined` when it is none. Default: {@link parsePlainPages}. */
  readonly parsePages?: (body: unknown) => readonly Page[] | undefined
  readonly fetch?: typeof globalThis.fetch
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

const timeoutMsDefault = 30_000
const answerBytesMaxDefault = 16 * 2 ** 20

/** Makes an engine of a provider. */
export function createHttpEngine(options: HttpEngineOptions): OcrEngine {
  const { name, price, parsePages = parsePlainPages, now = Date.now } = options
  return {
    name,
    close: async () => Promise.resolve(),
    recognize: async ({ bytes, mime, jobType }, { signal, deadlineMs }) => {
      const startedAtMs = now()
      // Looked at before it costs anything.
      fileKind(bytes, mime)
      if (bytes.length > pageLimits.bytesMax) {
        throw new OcrError(
          'too-large',
          `At most ${String(pageLimits.bytesMax)} bytes are read. Send a smaller picture.`,
        )
      }
      const body = await ask(options, bytes, mime, deadlineMs, signal)
      const pages = parsePages(body)
      if (pages === undefined) {
        throw failed(options, 'engine-failed', 'The provider answered something that is no reading. Try again.')
      }
      const document = extractDocument(pages, { jobType, today: new Date(startedAtMs).toISOString().slice(0, 10) })
      return {
        engine: name,
        pages,
        document,
        usage: {
          pages: pages.length,
          pixels: pages.reduce((sum, { width, height }) => sum + width * height, 0),
          computeMs: now() - startedAtMs,
        },
        cost: costOf(price, pages.length),
        needsReview: document.needsReview,
      }
    },
  }
}

async function ask(
  options: HttpEngineOptions,
  bytes: Uint8Array,
  mime: string | undefined,
  deadlineMs: number,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const { url, key, timeoutMs = timeoutMsDefault, answerBytesMax = answerBytesMaxDefault } = options
  const late = AbortSignal.timeout(Math.min(timeoutMs, deadlineMs))
  try {
    const response = await (options.fetch ?? fetch)(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': mime ?? 'application/octet-stream',
        accept: 'application/json',
      },
      body: new Blob([Uint8Array.from(bytes)]),
      redirect: 'error',
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
    })
    if (!response.ok) {
      await response.body?.cancel()
      throw refusedWith(response.status)
    }
    return parsed(options, await textWithin(response, answerBytesMax, options))
  } catch (cause) {
    if (cause instanceof OcrError) throw cause
    if (signal?.aborted === true) throw failed(options, 'aborted', 'The reading was stopped by its caller.', cause)
    if (late.aborted) throw failed(options, 'timed-out', 'The provider did not answer in time. Try again.', cause)
    throw new OcrError('engine-failed', 'The provider cannot be reached. Try again.', { cause })
  }
}

/** A refusal costs nothing, and only some are about the file. */
function refusedWith(status: number): OcrError {
  if (status === 401 || status === 403) {
    return new OcrError('engine-unavailable', 'The provider does not accept the key. Set another one.')
  }
  if (status === 413)
    return new OcrError('too-large', 'The file is larger than the provider takes. Send a smaller one.')
  if (status === 415) return new OcrError('unsupported', 'The provider takes no file of this kind. Save it as JPEG.')
  if (status === 422) return new OcrError('damaged', 'The provider cannot read the file. Take or export it again.')
  return new OcrError('engine-failed', `The provider answered ${String(status)}. Try again.`)
}

async function textWithin(response: Response, most: number, options: HttpEngineOptions): Promise<string> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let [text, left] = ['', most]
  for (;;) {
    const read = await reader?.read()
    const chunk: unknown = read?.value
    if (!(chunk instanceof Uint8Array)) return text + decoder.decode()
    left -= chunk.byteLength
    if (left < 0) {
      await reader?.cancel()
      throw failed(options, 'engine-failed', 'The provider answered more than is taken. Try again.')
    }
    text += decoder.decode(chunk, { stream: true })
  }
}

function parsed(options: HttpEngineOptions, text: string): unknown {
  try {
    const body: unknown = JSON.parse(text)
    if (isRecord(body)) return body
  } catch {
    // Told below.
  }
  throw failed(options, 'engine-failed', 'The provider answered something that is no JSON object. Try again.')
}

/** A failure after the file was sent: one page at least may be on the bill. */
function failed({ price }: HttpEngineOptions, code: OcrErrorCode, message: string, cause?: unknown): OcrError {
  return new OcrError(code, message, { cause, cost: costOf(price, 1) })
}

function costOf({ microsPerRequest, microsPerPage, currency, version }: PriceList, pages: number): Cost {
  return { micros: microsPerRequest + pages * microsPerPage, currency, priceListVersion: version }
}
