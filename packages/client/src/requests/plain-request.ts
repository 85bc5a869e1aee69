/**
 * Plain requests: writes for an API that knows nothing of Holdfast. Each is an operation like any other: stored before
 * it is sent, sent under one `Idempotency-Key` however often, kept until the server has answered it well.
 *
 * What is stored is what was asked for, and never a secret: tokens and cookies are stamped when it is sent.
 */
import {
  defineLane,
  defineOperation,
  exponential,
  fixed,
  isJson,
  isRecord,
  type AnyOperationDefinition,
  type Json,
  type Lane,
  type OperationDefinition,
  type Priority,
  type Schema,
  type SchemaResult,
} from '@holdfast/core'

/** Methods that write. */
export type WriteMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A request as it is stored. */
export interface PlainRequest {
  /** A path of this origin, or an address whose origin the transport allows. At most 2,000 characters. */
  readonly url: string
  readonly method: WriteMethod
  /** Stored as they are, so never a token: the transport's `headers` are stamped when it is sent. */
  readonly headers: { readonly [name: string]: string }
  /** Sent as JSON, or as it stands when it is text and `headers` name another type. */
  readonly body?: Json
  /** For the app alone: kept and shown, never sent. */
  readonly metadata?: Json
  readonly priority: Priority
  /** Requests of one queue go in their order. */
  readonly queue: string
}

const methods: readonly WriteMethod[] = ['POST', 'PUT', 'PATCH', 'DELETE']

/** Headers that carry who somebody is, or that only the sender can know. */
const refusedHeaders = /^(?:authorization|proxy-.*|cookie2?|host|content-length|idempotency-key|sec-.*|x-api-key)$/i

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/

const urlMax = 2000

/** Reads a request; says by name what is wrong with it. */
export const plainRequest: Schema<PlainRequest> = {
  '~standard': { version: 1, vendor: 'holdfast', validate: (value) => validated(value) },
}

/** The families of lanes: one per priority, because a family keeps its priority. A refused request holds no other back. */
const families: { readonly [P in Priority]: (queue: string) => Lane } = {
  high: defineLane('request-high', { priority: 'high', onDead: 'skip' }),
  medium: defineLane('request', { priority: 'medium', onDead: 'skip' }),
  low: defineLane('request-low', { priority: 'low', onDead: 'skip' }),
}

const lane = ({ priority, queue }: PlainRequest): Lane => families[priority](queue)

/** One in a batch: a server without a ledger may do again what was in flight when a browser died, so let that be little. */
const batch = { max: 1 }

/** A request that is tried up to five times: after 1 s, 2 s, 4 s, 8 s, at most 30 s, with jitter. */
export const sendRequest: OperationDefinition<PlainRequest> = defineOperation({
  type: 'http.request',
  version: 1,
  payload: plainRequest,
  lane,
  policy: { batch, retry: exponential({ attempts: 5, baseMs: 1000, factor: 2, capMs: 30_000 }) },
})

/** A request whose first answer decides: what the server does not take is for a person. An outage is no answer. */
export const sendRequestOnce: OperationDefinition<PlainRequest> = defineOperation({
  type: 'http.request-once',
  version: 1,
  payload: plainRequest,
  lane,
  policy: { batch, retry: fixed() },
})

/** The types of plain requests, for `operations` of `openOutbox`. */
export const requestOperations: readonly AnyOperationDefinition[] = [sendRequest, sendRequestOnce]

/** True for an operation that is a plain request. */
export function isPlainRequest(type: string): boolean {
  return requestOperations.some((definition) => definition.type === type)
}

function validated(value: unknown): SchemaResult<PlainRequest> {
  if (!isRecord(value)) return { issues: [{ message: 'expected an object' }] }
  const { url, method, headers, body, metadata, priority, queue } = value
  const issues: { message: string; path: string[] }[] = []
  const refuse = (path: string, message: string): void => void issues.push({ path: [path], message })
  const known = methods.find((name) => name === method)
  const level = (['high', 'medium', 'low'] as const).find((name) => name === priority)
  if (!isAddress(url)) refuse('url', `expected a path such as "/api/notes" or an http(s) address without credentials`)
  if (known === undefined) refuse('method', `expected ${methods.join(', ')}: a request that reads is not kept`)
  if (level === undefined) refuse('priority', 'expected high, medium or low')
  if (typeof queue !== 'string' || queue === '' || queue.length > 150)
    refuse('queue', 'expected text of 1 to 150 characters')
  const fault = faultOfHeaders(headers)
  if (fault !== undefined) refuse('headers', fault)
  if (body !== undefined && !isJson(body))
    refuse('body', 'expected JSON or text; files and form data travel as attachments')
  if (metadata !== undefined && !isJson(metadata)) refuse('metadata', 'expected JSON')
  if (issues.length > 0 || !isAddress(url) || known === undefined || level === undefined || typeof queue !== 'string') {
    return { issues }
  }
  return {
    value: {
      url,
      method: known,
      headers: isHeaders(headers) ? headers : {},
      ...(isJson(body) && { body }),
      ...(isJson(metadata) && { metadata }),
      priority: level,
      queue,
    },
  }
}

function isAddress(url: unknown): url is string {
  if (typeof url !== 'string' || url.length > urlMax) return false
  if (/^\/(?![/\\])/.test(url)) return URL.canParse(url, 'https://own.invalid')
  if (!URL.canParse(url)) return false
  const { protocol, username, password } = new URL(url)
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === ''
}

function isHeaders(value: unknown): value is { readonly [name: string]: string } {
  return isRecord(value) && Object.values(value).every((text) => typeof text === 'string')
}

function faultOfHeaders(value: unknown): string | undefined {
  if (!isHeaders(value)) return 'expected names with text'
  for (const [name, text] of Object.entries(value)) {
    if (refusedHeaders.test(name))
      return `"${name}" is never stored: give it to the transport, which stamps it when sending`
    if (!headerName.test(name) || /[\r\n\0]/.test(text))
      return `"${name.slice(0, 50)}" is not a header that can be sent`
  }
  return undefined
}
