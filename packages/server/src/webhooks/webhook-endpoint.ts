/** Where webhooks go: named endpoints of the operator's, each with a secret and the types that it wants to hear of. */
import { ServerError } from '../error.ts'

/** An endpoint. */
export interface WebhookEndpoint {
  /** Names it in jobs and logs; keep it while deliveries are under way. 1 to 40 of a-z, 0-9 and `-`. */
  readonly name: string
  /** Takes POST requests over `https:`; `http:` only on this machine. Redirects are not followed. */
  readonly url: string
  /** `whsec_` and 24 to 64 random bytes in base64, shared with the receiver. */
  readonly secret: string
  /** The types of operations that it hears of; `'all'` for every one. */
  readonly types: readonly string[] | 'all'
}

const secretBytesMin = 24
const secretBytesMax = 64

/** The bytes of a secret; `undefined` when it is none. */
export function secretBytesOf(secret: string): Uint8Array | undefined {
  const text = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1]
  const bytes = Buffer.from(text ?? '', 'base64')
  return bytes.length >= secretBytesMin && bytes.length <= secretBytesMax ? bytes : undefined
}

/**
 * Checks endpoints.
 *
 * @throws ServerError `invalid-definition` with what was expected; a secret or an address is never repeated
 */
export function checkEndpoints(endpoints: readonly WebhookEndpoint[]): void {
  const names = new Set<string>()
  for (const { name, url, secret } of endpoints) {
    if (!/^[a-z0-9-]{1,40}$/.test(name)) {
      throw invalid(`A webhook's name is expected to be 1 to 40 of a-z, 0-9 and -; got ${JSON.stringify(name)}.`)
    }
    if (names.has(name)) throw invalid(`Two webhooks are named "${name}"; give one another name.`)
    names.add(name)
    if (!isSafeUrl(url)) {
      throw invalid(`The url of the webhook "${name}" is expected to be https:, or http: on this machine.`)
    }
    if (secretBytesOf(secret) === undefined) {
      throw invalid(`The secret of the webhook "${name}" is expected to be whsec_ and 24 to 64 bytes in base64.`)
    }
  }
}

function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname))
}

function invalid(message: string): ServerError {
  return new ServerError('invalid-definition', message)
}
