/** The headers that keep a page of ours to itself. */

/** What pages may load and do: everything from here, no inline script or style, and no markup made from text. */
const contentSecurityPolicy: string = [
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

const all: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Sets them on the headers of an answer. */
export function secure(headers: Headers): void {
  for (const [name, value] of Object.entries(all)) headers.set(name, value)
}
