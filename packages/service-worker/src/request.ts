/** Reading an intercepted request: its JSON body, and the id under which its operation is known. */
import { batchBytesMax, isRecord, parseOperationId, problem, type OperationId, type Problem } from '@holdfast/core'

/** What a request says, or why it says nothing. */
export type ReadRequest =
  | { readonly body: unknown; readonly id?: OperationId; readonly refusal?: undefined }
  | { readonly refusal: Problem }

/** Reads a request of which nothing has been read before. Never rejects. */
export async function readRequest(request: Request): Promise<ReadRequest> {
  const key = request.headers.get('Idempotency-Key')
  const keyId = key === null ? undefined : parseOperationId(unquoted(key.trim()))
  if (key !== null && keyId === undefined) {
    const detail = 'An Idempotency-Key is 1 to 128 characters of A-Z a-z 0-9 _ . : -'
    return { refusal: problem('invalid-request', 'The Idempotency-Key cannot be used.', { detail }) }
  }
  const text = await request.text().catch(() => undefined)
  if (text !== undefined && text.length > batchBytesMax) {
    const detail = `At most ${batchBytesMax} characters are taken; got ${text.length}.`
    return { refusal: problem('too-large', 'The request is too large to be stored.', { detail }) }
  }
  const body = text === undefined ? undefined : parseJson(text)
  if (body === undefined) {
    return { refusal: problem('invalid-payload', 'The body of the request is not JSON.') }
  }
  const id = keyId ?? ownId(request.method, body)
  return { body, ...(id !== undefined && { id }) }
}

/**
 * A thing that is created names its creation: sent twice, it is made once. Any other method's payload names the thing
 * that is changed, and two changes of one thing are two operations.
 */
function ownId(method: string, body: unknown): OperationId | undefined {
  return method === 'POST' && isRecord(body) ? parseOperationId(body['id']) : undefined
}

/** The key as it stands between quotes, where it comes as a structured field. */
function unquoted(key: string): string {
  return /^"([^"]*)"$/.exec(key)?.[1] ?? key
}

/** Text that is not JSON gives `undefined`, which no JSON text does. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
