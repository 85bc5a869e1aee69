/** What every request has in common: a time-out, and an answer that is reported as it was seen. */
import type { HttpAnswer } from '@holdfast/core'

/** Answers larger than this are not read as JSON; UTF-16 code units. */
const answerSizeMax = 8 * 1024 * 1024

/** Runs a request with a time-out of its own and the caller's signal; a failure becomes an answer. */
export async function within<Answer>(
  timeoutMs: number,
  signal: AbortSignal,
  request: (within: AbortSignal) => Promise<Answer>,
  onFailure: (cause: 'network' | 'timeout' | 'aborted') => Answer,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const either = AbortSignal.any([timeout, signal])
  const { promise: ended, reject: end } = Promise.withResolvers<never>()
  const stop = (): void => {
    end(either.reason)
  }
  if (either.aborted) stop()
  else either.addEventListener('abort', stop)
  try {
    // Raced as well, because headers that never come heed no signal.
    return await Promise.race([request(either), ended])
  } catch {
    // Whatever fetch throws, decide by the signals, never by the message.
    if (signal.aborted) return onFailure('aborted')
    return onFailure(timeout.aborted ? 'timeout' : 'network')
  } finally {
    either.removeEventListener('abort', stop)
  }
}

/** What came back, body already read. */
export function answerOf(response: Response, text: string): HttpAnswer {
  return {
    kind: 'http',
    status: response.status,
    redirected: response.redirected || response.type === 'opaque' || response.type === 'opaqueredirect',
    mediaType: response.headers.get('content-type') ?? undefined,
    retryAfter: response.headers.get('retry-after') ?? undefined,
    date: response.headers.get('date') ?? undefined,
    body: bodyOf(response, text),
  }
}

/** The body as JSON where it says that it is, and `undefined` otherwise. */
export function bodyOf(response: Response, text: string): unknown {
  const mediaType = response.headers.get('content-type') ?? ''
  if (!mediaType.includes('json') || text.length > answerSizeMax) return undefined
  try {
    const body: unknown = JSON.parse(text)
    return body
  } catch {
    return undefined
  }
}
