import { afterEach, describe, expect, test, vi } from 'vitest'
import { addNote } from './note.fixture.ts'
import { ana, setStage, type Stage } from './stage.fixture.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

afterEach(() => {
  vi.useRealTimers()
})

const ask = ({ scope }: Stage, tag: string) => scope.message({ type: 'periodic-work', tag })

/** One note at the server, settled `agoMs` before now. */
async function settledLongAgo(stage: Stage, agoMs: number): Promise<void> {
  const page = await stage.openPage(ana)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - agoMs })
  await page.enqueue(addNote, { text: 'old' })
  await vi.waitFor(async () => {
    expect(await page.entries({ state: 'applied' })).toHaveLength(1)
  })
  vi.useRealTimers()
  await page.close()
}

describe("R148 the day's work", () => {
  test.each([
    [6, 1],
    [8, 0],
  ])('forgets results after a week: of %i days ago %i stay', async (days, left) => {
    const stage = await setStage()
    await settledLongAgo(stage, days * dayMs)
    await stage.scope.sync('daily-sync', { type: 'periodicsync' })
    const page = await stage.openPage(ana)
    expect(await page.entries({ state: 'applied' })).toHaveLength(left)
    await page.close()
  })

  test('brings settings and content up to date: those of whoever is signed in, and of nobody when nobody is', async () => {
    const done: string[] = []
    const note = (what: string) => Promise.resolve(void done.push(what))
    const stage = await setStage({
      periodic: { refreshSettings: ({ user }) => note(`settings of ${user}`), refreshContent: () => note('content') },
    })
    await stage.scope.sync('daily-sync', { type: 'periodicsync' })
    expect(done.toSorted()).toEqual(['content', 'settings of ana'])
    await stage.signIn(undefined)
    await stage.scope.sync('daily-sync', { type: 'periodicsync' })
    expect(done.toSorted()).toEqual(['content', 'content', 'settings of ana'])
  })

  test('is tried in each of its parts, and says which failed', async () => {
    const refreshContent = vi.fn(() => Promise.resolve())
    const stage = await setStage({
      periodic: { refreshSettings: () => Promise.reject(new Error('settings are away')), refreshContent },
    })
    await expect(stage.scope.sync('daily-sync', { type: 'periodicsync' })).rejects.toMatchObject({
      errors: [new Error('settings are away')],
    })
    expect(refreshContent).toHaveBeenCalledOnce()
  })
})

test("R149 the hour's work looks for a newer release, and is none of the day's", async () => {
  const refreshContent = vi.fn(() => Promise.resolve())
  const { scope } = await setStage({ periodic: { refreshContent } })
  await scope.sync('check-updates', { type: 'periodicsync' })
  expect([scope.looks, refreshContent.mock.calls.length]).toEqual([1, 0])
  await scope.sync('daily-sync', { type: 'periodicsync' })
  expect([scope.looks, refreshContent.mock.calls.length]).toEqual([1, 1])
})

describe('R147 where the browser wakes nobody, a page asks, and the worker does', () => {
  test.each([
    ['daily-sync', dayMs],
    ['check-updates', hourMs],
  ])('%s once in %i ms, also when it was started anew meanwhile', async (tag, everyMs) => {
    const refreshContent = vi.fn(() => Promise.resolve())
    const stage = await setStage({ periodic: { refreshContent } })
    let { scope } = stage
    const done = () => refreshContent.mock.calls.length + scope.looks
    await ask(stage, tag)
    await ask(stage, tag)
    expect(done()).toBe(1)
    scope = stage.restartWorker()
    const before = done()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + everyMs - 60_000 })
    await scope.message({ type: 'periodic-work', tag })
    expect(done()).toBe(before)
    vi.setSystemTime(Date.now() + 120_000)
    await scope.message({ type: 'periodic-work', tag })
    expect(done()).toBe(before + 1)
  })

  test('again when it went wrong, and when the clock was set back', async () => {
    let isAway = true
    const refreshContent = vi.fn(() => (isAway ? Promise.reject(new Error('away')) : Promise.resolve()))
    const stage = await setStage({ periodic: { refreshContent } })
    await ask(stage, 'daily-sync')
    isAway = false
    await ask(stage, 'daily-sync')
    await ask(stage, 'daily-sync')
    expect(refreshContent).toHaveBeenCalledTimes(2)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 10 * dayMs })
    await ask(stage, 'daily-sync')
    expect(refreshContent).toHaveBeenCalledTimes(3)
  })

  test('F084 nothing that is no such work', async () => {
    const refreshContent = vi.fn(() => Promise.resolve())
    const stage = await setStage({ periodic: { refreshContent } })
    await ask(stage, 'weekly-sync')
    await stage.scope.message({ type: 'periodic-work' })
    await stage.scope.message({ type: 'periodic-work', tag: 'daily-sync' }, 'https://evil.example')
    expect([refreshContent.mock.calls.length, stage.scope.looks]).toEqual([0, 0])
  })
})
