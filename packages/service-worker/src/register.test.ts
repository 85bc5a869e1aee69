import { describe, expect, test } from 'vitest'
import { addNote } from './note.fixture.ts'
import { armSync, defaultTag, keepSyncArmed, registerSync, wantsSync } from './register.ts'
import { ana, setStage } from './stage.fixture.ts'

describe('R019 asking for a sync event', () => {
  test('resolves false where there is no service worker', async () => {
    expect(await registerSync()).toBe(false)
  })

  test.each([{}, { sync: undefined }, { sync: {} }])('resolves false without Background Sync: %j', async (lacking) => {
    expect(await armSync(lacking, defaultTag)).toBe(false)
  })

  test('resolves false when the browser does not allow it', async () => {
    expect(await armSync({ sync: { register: () => Promise.reject(new Error('denied')) } }, defaultTag)).toBe(false)
  })

  test('resolves true once the tag is registered', async () => {
    const tags: string[] = []
    const sync = { register: (tag: string) => Promise.resolve(void tags.push(tag)) }
    expect(await armSync({ sync }, 'image-upload')).toBe(true)
    expect(tags).toEqual(['image-upload'])
  })
})

test('a sync event is wanted for pending entries while the page may not send them, and never without any', async () => {
  const { openPage, server } = await setStage()
  server.mood = 'away'
  const outbox = await openPage(ana)
  expect(wantsSync(outbox.status(), true)).toBe(false)
  await outbox.enqueue(addNote, { text: 'one' })
  expect(wantsSync(outbox.status(), true)).toBe(true)
  expect(wantsSync(outbox.status(), false)).toBe(false)
  await outbox.pause()
  expect(wantsSync(outbox.status(), true)).toBe(false)
  await outbox.resume()
  await outbox.drain()
  expect(outbox.status().connectivity).not.toBe('online')
  expect(wantsSync(outbox.status(), false)).toBe(true)
  await outbox.close()
})

test('keeping it armed stops listening when it is told to', async () => {
  const { openPage } = await setStage()
  const outbox = await openPage(ana)
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const stop = keepSyncArmed(outbox, { page })
  page.visibilityState = 'hidden'
  page.dispatchEvent(new Event('visibilitychange'))
  stop()
  await outbox.close()
})
