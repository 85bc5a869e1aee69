import {
  parseOperationId,
  problem,
  SyncError,
  type DeliveryState,
  type OperationId,
  type SyncErrorCode,
} from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { answerOf, notConfirmedType, notStoredAnswer, notStoredType, queuedMessage } from './answers.ts'

const id = operationId('op-1')

function operationId(text: string): OperationId {
  const parsed = parseOperationId(text)
  if (parsed === undefined) throw new TypeError(`not an operation id: ${text}`)
  return parsed
}

async function bodyOf(state: DeliveryState): Promise<{ status: number; type: string | null; body: unknown }> {
  const response = answerOf(id, state)
  if (response === undefined) throw new TypeError('an answer was expected')
  return { status: response.status, type: response.headers.get('Content-Type'), body: await response.json() }
}

const failure = { cause: 'network' } as const

describe('the answer to an intercepted request', () => {
  test('there is none while the server may still speak', () => {
    expect(answerOf(id, { kind: 'queued' })).toBeUndefined()
  })

  test('R042 an entry that waits for its next attempt is 202 {success, queued, id, message}', async () => {
    const waiting = { kind: 'waiting', attempts: 1, notBeforeMs: 1, isAsked: false, failure } as const
    expect(await bodyOf(waiting)).toMatchObject({
      status: 202,
      body: { success: true, queued: true, id, message: queuedMessage },
    })
  })

  test("an applied operation is 200 with the handler's result", async () => {
    const applied = { outcome: 'applied', version: 1, ids: { number: '7' }, result: { total: 5 } } as const
    expect(await bodyOf({ kind: 'applied', applied })).toMatchObject({
      status: 200,
      body: { success: true, queued: false, id, version: 1, ids: { number: '7' }, total: 5 },
    })
  })

  test('a result can not say that the write failed or was only queued', async () => {
    const applied = { outcome: 'applied', result: { success: false, queued: true } } as const
    expect((await bodyOf({ kind: 'applied', applied })).body).toEqual({ success: true, queued: false, id })
  })

  test("a refusal is the server's own problem with its status", async () => {
    const reason = { kind: 'rejected', problem: problem('refused', 'Sold out.') } as const
    expect(await bodyOf({ kind: 'dead', attempts: 1, reason })).toMatchObject({
      status: 422,
      type: 'application/problem+json',
      body: { id, title: 'Sold out.', type: 'urn:holdfast:problem:refused' },
    })
  })

  test('a problem with a status that is no error is shown as 422', async () => {
    const reason = { kind: 'refused', problem: { type: 'about:blank', title: 'odd', status: 0 } } as const
    expect(await bodyOf({ kind: 'dead', attempts: 1, reason })).toMatchObject({ status: 422, body: { status: 422 } })
  })

  test('attempts that are used up are no refusal: the write is still stored', async () => {
    expect(await bodyOf({ kind: 'dead', attempts: 5, reason: { kind: 'attempts', failure } })).toMatchObject({
      status: 202,
      body: { queued: true },
    })
  })

  test('what the server does not take for its size is 413', async () => {
    expect(await bodyOf({ kind: 'dead', attempts: 1, reason: { kind: 'too-large' } })).toMatchObject({ status: 413 })
  })

  test("a conflict is 409 with the other side's state", async () => {
    const conflict = { outcome: 'conflict', version: 3, current: { text: 'theirs' } } as const
    expect(await bodyOf({ kind: 'conflicted', attempts: 1, conflict })).toMatchObject({
      status: 409,
      body: { id, current: { text: 'theirs' } },
    })
  })

  test('an entry that was taken back meanwhile is no success', async () => {
    const discarded = { kind: 'discarded', cause: 'person', by: operationId('op-2'), isCertain: true } as const
    expect(await bodyOf(discarded)).toMatchObject({ status: 422, body: { type: 'urn:holdfast:problem:cancelled' } })
  })
})

describe('F037 a write that could not be stored is never called a success', () => {
  test.each<[SyncErrorCode, number]>([
    ['quota', 507],
    ['storage', 507],
    ['closed', 507],
    ['newer-database', 507],
    ['too-large', 413],
    ['invalid-payload', 422],
  ])('%s gives %i', async (code, status) => {
    const response = notStoredAnswer(new SyncError(code, 'said for people'))
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ status, detail: 'said for people' })
  })

  test('I2 what may be stored all the same is not called "not saved"', async () => {
    const response = notStoredAnswer(new SyncError('unconfirmed', 'said for people'))
    expect(response.status).toBe(507)
    expect(await response.json()).toMatchObject({ type: notConfirmedType, detail: 'said for people' })
    expect(notConfirmedType).toBe('urn:holdfast:problem:not-confirmed')
  })

  test('an unforeseen error gives 507 without its text', async () => {
    const response = notStoredAnswer(new Error('secret'))
    expect(response.status).toBe(507)
    expect(await response.text()).not.toContain('secret')
    expect(notStoredType).toBe('urn:holdfast:problem:not-stored')
  })
})
