/** Whether a request that changes something was made by a page of this site. */

/**
 * True for a request that another site's page made. Browsers say so in `Sec-Fetch-Site`; old ones in `Origin`. A
 * request with neither is from no browser, and then no cookie of a person's browser came with it.
 */
export function isCrossSite(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site')
  if (site !== null) return site !== 'same-origin' && site !== 'none'
  const origin = request.headers.get('origin')
  return origin !== null && URL.parse(origin)?.host !== (request.headers.get('host') ?? new URL(request.url).host)
}
