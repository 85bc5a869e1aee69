import { batchBytesMax } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { readRequest } from './request.ts'

function request(method: string, body: string, headers: Record<string, string> = {}): Request {
  return new Request('https://app.example/api/notes', { method, body, headers })
}

describe('reading an intercepted request', () => {
  test('the Idempotency-Key is the id of the operation', async () => {
    const read = await readRequest(request('POST', '{"id":"mine","text":"a"}', { 'Idempotency-Key': 'key-1' }))
    expect(read).toEqual({ body: { id: 'mine', text: 'a' }, id: 'key-1' })
  })

  test('a key that comes as a quoted string is the same key', async () => {
    const read = await readRequest(request('POST', '{}', { 'Idempotency-Key': '"key-1"' }))
    expect(read).toEqual({ body: {}, id: 'key-1' })
  })

  test('without a key, what a POST creates names its own creation', async () => {
    expect(await readRequest(request('POST', '{"id":"mine"}'))).toEqual({ body: { id: 'mine' }, id: 'mine' })
  })

  test("a PUT's payload names the thing it changes, so two changes of one thing stay two operations", async () => {
    expect(await readRequest(request('PUT', '{"id":"mine"}'))).toEqual({ body: { id: 'mine' } })
  })

  test("an own id that can not be an operation's is no id", async () => {
    expect(await readRequest(request('POST', '{"id":"two words"}'))).toEqual({ body: { id: 'two words' } })
    expect(await readRequest(request('POST', '{"id":7}'))).toEqual({ body: { id: 7 } })
  })

  test.each([
    ['an Idempotency-Key that can not be used', 400, request('POST', '{}', { 'Idempotency-Key': 'two words' })],
    ['a body that is not JSON', 422, request('POST', '{"text":')],
    ['an empty body', 422, request('POST', '')],
    ['a body that is too large', 413, request('POST', JSON.stringify('x'.repeat(batchBytesMax)))],
  ])('%s is refused with %i', async (_, status, bad) => {
    const read = await readRequest(bad)
    expect(read.refusal?.status).toBe(status)
  })
})
