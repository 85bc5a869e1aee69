/** Reads a request's body as JSON, within limits: by length before reading, by count while reading, then by form. */
import { problem, type Problem } from '@holdfast/core'

/** A parsed body, or why there is none. `value` is whatever JSON can say: to be parsed further by its door. */
export type JsonBody = { readonly value: unknown; readonly problem?: undefined } | { readonly problem: Problem }

/**
 * Reads a JSON body of at most `bytesMax` bytes.
 *
 * Never throws for what a client can send; a body that ends early is a problem as well. JSON.parse does not call itself
 * per level, so depth costs nothing here; those who walk the value check it first.
 */
export async function readJsonBody(request: Request, bytesMax: number): Promise<JsonBody> {
  const mediaType = (request.headers.get('content-type') ?? '').split(';', 1).join('').trim().toLowerCase()
  if (mediaType !== 'application/json') return unsupported('The body must be application/json.')
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity') return unsupported('The body must not be compressed.')
  const length = request.headers.get('content-length')
  if (length !== null && Number(length) > bytesMax) return tooLarge(bytesMax)
  const bytes = await readBytes(request, bytesMax)
  if (bytes === 'too-large') return tooLarge(bytesMax)
  if (bytes === 'broken') return malformed('The body ended before its end.')
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return malformed('The body is not UTF-8.')
  }
  try {
    const value: unknown = JSON.parse(text)
    return { value }
  } catch {
    return malformed('The body is not JSON.')
  }
}

/** Reads a body of at most `bytesMax` bytes; `broken` when it ends early. */
export async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array | 'too-large' | 'broken'> {
  try {
    // A length that the HTTP parser has enforced spares the hot door a stream.
    if (request.headers.has('content-length')) {
      const whole = new Uint8Array(await request.arrayBuffer())
      return whole.length > bytesMax ? 'too-large' : whole
    }
    const reader = request.body?.getReader()
    if (reader === undefined) return new Uint8Array()
    const chunks: Uint8Array[] = []
    let sizeBytes = 0
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const chunk: unknown = read.value
      if (!(chunk instanceof Uint8Array)) return 'broken'
      sizeBytes += chunk.length
      if (sizeBytes > bytesMax) {
        await reader.cancel()
        return 'too-large'
      }
      chunks.push(chunk)
    }
    return Buffer.concat(chunks, sizeBytes)
  } catch {
    return 'broken'
  }
}

function unsupported(detail: string): JsonBody {
  return { problem: problem('unsupported-media-type', 'Another kind of body is expected', { detail }) }
}

function tooLarge(bytesMax: number): JsonBody {
  return { problem: problem('too-large', 'The body is too large', { detail: `At most ${bytesMax} bytes are taken.` }) }
}

function malformed(detail: string): JsonBody {
  return { problem: problem('invalid-request', 'The body cannot be read', { detail }) }
}
