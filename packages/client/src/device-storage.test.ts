import { afterEach, describe, expect, test, vi } from 'vitest'
import { readPersistence, readRoom, requestPersistence } from './device-storage.ts'
import { World } from './world.fixture.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

/** A browser whose storage answers as it is told. */
function browserWith(storage: Partial<StorageManager>): void {
  vi.stubGlobal('navigator', { storage })
}

const never = () => Promise.withResolvers<never>().promise

describe('persistence', () => {
  test.each([
    [true, 'persisted'],
    [false, 'not'],
  ] as const)('an answer of %s is %s', async (answer, expected) => {
    browserWith({ persist: () => Promise.resolve(answer), persisted: () => Promise.resolve(answer) })
    expect(await requestPersistence()).toBe(expected)
    expect(await readPersistence()).toBe(expected)
  })

  test('F044 a question that the person never answers ends in time', async () => {
    browserWith({ persist: never })
    const world = new World()
    let state = 'asking'
    void requestPersistence({ timeoutMs: 5000, clock: world.environment().clock }).then((answer) => (state = answer))
    await world.advance(4999)
    expect(state).toBe('asking')
    await world.advance(1)
    expect(state).toBe('unknown')
  })

  test('a browser that refuses to be asked leaves it unknown, and one that cannot be asked says so', async () => {
    browserWith({ persist: () => Promise.reject(new TypeError('not here')) })
    expect(await requestPersistence()).toBe('unknown')
    vi.stubGlobal('navigator', {})
    expect(await requestPersistence()).toBe('unsupported')
    expect(await readPersistence()).toBe('unsupported')
  })

  test('an answer leaves no timer behind', async () => {
    browserWith({ persist: () => Promise.resolve(true) })
    let left = 0
    await requestPersistence({
      clock: {
        timer: () => {
          left += 1
          return () => (left -= 1)
        },
      },
    })
    expect(left).toBe(0)
  })
})

test('F037 the room is what the browser says, and nothing where it says nothing', async () => {
  browserWith({ estimate: () => Promise.resolve({ usage: 5, quota: 10 }) })
  expect(await readRoom()).toEqual({ usageBytes: 5, quotaBytes: 10 })
  browserWith({ estimate: () => Promise.resolve({}) })
  expect(await readRoom()).toBeUndefined()
  browserWith({ estimate: () => Promise.reject(new TypeError('not here')) })
  expect(await readRoom()).toBeUndefined()
  vi.stubGlobal('navigator', {})
  expect(await readRoom()).toBeUndefined()
})
