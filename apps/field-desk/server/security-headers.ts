/** The headers that keep a page of ours to itself. */

/** What pages may load and do: everything from here, no inline script or style, and no markup made from text. */
export const contentSecurityPolicy: string = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  // The one policy by which the app names the script of its service worker (src/register-worker.ts).
  'trusted-types field-desk',
].join('; ')

/** Sets them on an answer. */
export function secured(response: Response): Response {
  const headers = new Headers(response.headers)
  headers.set('content-security-policy', contentSecurityPolicy)
  headers.set('x-content-type-options', 'nosniff')
  headers.set('referrer-policy', 'no-referrer')
  headers.set('cross-origin-opener-policy', 'same-origin')
  headers.set('cross-origin-resource-policy', 'same-origin')
  headers.set('permissions-policy', 'camera=(), microphone=(), geolocation=()')
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
}
