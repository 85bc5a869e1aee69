/** Answers of our doors: JSON in a media type of its own, or a problem document. None may be kept by a cache. */
import { answerMediaType, problemMediaType, type Problem } from '@holdfast/core'

const commonHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const

/** An answer in Holdfast's own media type, which nobody else's 200 can be taken for. */
export function holdfastAnswer(body: unknown): Response {
  return new Response(JSON.stringify(body), { headers: { ...commonHeaders, 'content-type': answerMediaType } })
}

/** A plain JSON answer, for doors that also serve those who know nothing of Holdfast. */
export function jsonAnswer(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...commonHeaders, 'content-type': 'application/json' },
  })
}

/** A problem document with its status (RFC 9457). `retryAfterMs` becomes `Retry-After` in whole seconds. */
export function problemAnswer(
  problem: Problem,
  more: { readonly retryAfterMs?: number; readonly allow?: readonly string[] } = {},
): Response {
  const status = problem.status >= 400 && problem.status <= 599 ? problem.status : 500
  return new Response(JSON.stringify(problem), {
    status,
    headers: {
      ...commonHeaders,
      'content-type': problemMediaType,
      ...(more.retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(more.retryAfterMs / 1000)) }),
      ...(more.allow !== undefined && { allow: more.allow.join(', ') }),
    },
  })
}
