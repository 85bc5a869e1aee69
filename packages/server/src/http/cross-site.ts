/**
 * Refuses requests that another site made a browser send. `Sec-Fetch-Site` and `Origin` are written by the browser and
 * out of a page's reach; a client that is no browser sends neither and carries no one's cookies.
 */
import { problem, type Problem } from '@holdfast/core'

/** The problem of a request that changes something and comes from another site, or `undefined` when it may pass. */
export function crossSiteProblem(request: Request, allowedOrigins: ReadonlySet<string>): Problem | undefined {
  const origin = request.headers.get('origin')
  if (origin !== null && allowedOrigins.has(origin)) return undefined
  const site = request.headers.get('sec-fetch-site')
  if (site !== null) return site === 'same-origin' || site === 'none' ? undefined : refusal
  if (origin === null) return undefined
  return hostOf(origin) === (request.headers.get('host') ?? hostOf(request.url)) ? undefined : refusal
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined
}

const refusal: Problem = problem('cross-site', 'The request came from another site', {
  detail: 'Only pages of the same origin, or of an origin that the server names, may change data.',
})
