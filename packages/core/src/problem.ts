/**
 * Problem details: how the server says that something did not work. Types are stable and are all that code decides by;
 * titles and details are for people. No problem ever repeats a payload.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
import { isRecord } from './json.ts'

/** The media type of a problem document. */
export const problemMediaType = 'application/problem+json'

/** What stands before each of our codes in a problem's `type`. */
export const problemTypePrefix = 'urn:holdfast:problem:'

/** Every problem that our server can name, with the HTTP status of an answer that consists of it alone. */
export const problemStatus = {
  /** The body is not JSON, or not of the shape that the door takes. */
  'invalid-request': 400,
  /** `X-Batch-Size` differs from the number of operations that came. */
  'batch-size-mismatch': 400,
  /** Nobody is signed in. */
  unauthenticated: 401,
  /** The batch was made by another user or for another tenant than the session's. */
  'wrong-identity': 403,
  /** The request came from another site. */
  'cross-site': 403,
  /** This user may not do this. */
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  /** The entity has changed since; see the outcome's `current`. */
  conflict: 409,
  /** The same operation is being applied right now. */
  'in-progress': 409,
  /** A file that it names has not arrived whole. */
  'attachment-missing': 409,
  /** The body is larger than the door takes. */
  'too-large': 413,
  /** The body is not of a media type that the door takes. */
  'unsupported-media-type': 415,
  /** This id has come before with other content. */
  'id-reused': 422,
  /** The payload does not match its schema. */
  'invalid-payload': 422,
  /** The domain's own rule refuses it; the detail says why, in words for people. */
  refused: 422,
  /** A person cancelled this operation before it was applied. */
  cancelled: 422,
  /** An operation that this one needs was refused. */
  'parent-refused': 422,
  /** A reference names an id that the operation it refers to was not given. */
  'reference-missing': 422,
  /** The server does not know this type or this version of it (yet). */
  'unknown-type': 422,
  /** The server speaks another version of the protocol. */
  'unsupported-protocol': 400,
  /** Too many requests. */
  'rate-limited': 429,
  /** A bug or an outage on the server. */
  internal: 500,
  /** The server is busy or stopping. */
  unavailable: 503,
} as const

/** The code of one of our problems. */
export type ProblemCode = keyof typeof problemStatus

/** A problem document. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  /** For people: what was expected, what came, what to do. Never a payload. */
  readonly detail?: string
  /** A JSON Pointer to the offending part of the request. */
  readonly pointer?: string
}

/** Makes one of our problems. */
export function problem(code: ProblemCode, title: string, more: { detail?: string; pointer?: string } = {}): Problem {
  return { type: problemTypePrefix + code, title, status: problemStatus[code], ...more }
}

/** The code of a problem of ours, or `undefined` for anybody else's. */
export function problemCodeOf(value: Problem | undefined): ProblemCode | undefined {
  if (value === undefined || !value.type.startsWith(problemTypePrefix)) return undefined
  const code = value.type.slice(problemTypePrefix.length)
  return isProblemCode(code) ? code : undefined
}

/** Reads a problem document; text is cut to 2,000 characters. Anything else gives `undefined`. */
export function parseProblem(value: unknown): Problem | undefined {
  if (!isRecord(value)) return undefined
  const { type, title, status, detail, pointer } = value
  if (typeof type !== 'string' || type.length > 200) return undefined
  return {
    type,
    title: typeof title === 'string' ? cut(title) : cut(type),
    status: typeof status === 'number' && Number.isInteger(status) ? status : 0,
    ...(typeof detail === 'string' && { detail: cut(detail) }),
    ...(typeof pointer === 'string' && { pointer: cut(pointer) }),
  }
}

/** A cut may fall inside a surrogate pair; what is left must still be text that can be stored. */
function cut(text: string): string {
  return text.slice(0, 2000).toWellFormed()
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemStatus, code)
}
