import { afterEach, describe, expect, test, vi } from 'vitest'
import { keepPeriodicSync, registerPeriodicSync, unregisterPeriodicSync, type PeriodicBrowser } from './periodic.ts'
import { ana, setStage } from './stage.fixture.ts'

const hourMs = 3_600_000

/** A browser, and what was asked of it in order. */
function stageBrowser({ state = 'granted', isAble = true } = {}) {
  const asked: string[] = []
  const note = (what: string) => Promise.resolve(void asked.push(what))
  const periodicSync = {
    register: (tag: string, { minInterval }: { minInterval: number }) => note(`${tag} every ${minInterval / hourMs} h`),
    unregister: (tag: string) => note(`no ${tag}`),
  }
  const active = { postMessage: (message: unknown) => void asked.push(JSON.stringify(message)) }
  const browser: PeriodicBrowser = {
    serviceWorker: { getRegistration: () => Promise.resolve({ active, ...(isAble && { periodicSync }) }) },
    permissions: { query: ({ name }) => note(`may ${name}?`).then(() => ({ state })) },
  }
  return { browser, asked }
}

const begun = ['may periodic-background-sync?', 'daily-sync every 24 h', 'check-updates every 1 h']
const ended = ['no daily-sync', 'no check-updates']
const requests = ['daily-sync', 'check-updates'].map((tag) => JSON.stringify({ type: 'periodic-work', tag }))

afterEach(() => {
  vi.useRealTimers()
})

describe('asking for periodic work', () => {
  test('R146 R147 looks at the permission first, then asks for a daily and an hourly kind', async () => {
    const { browser, asked } = stageBrowser()
    expect(await registerPeriodicSync(browser)).toBe('registered')
    expect(asked).toEqual(begun)
  })

  test.each(['denied', 'prompt'])('R146 asks for nothing while the permission is "%s"', async (state) => {
    const { browser, asked } = stageBrowser({ state })
    expect(await registerPeriodicSync(browser)).toBe('denied')
    expect(asked).toEqual(['may periodic-background-sync?'])
  })

  const refusing = { query: () => Promise.reject(new TypeError('no such permission')) }
  test.each<[string, PeriodicBrowser]>([
    ['knows no such permission', { ...stageBrowser().browser, permissions: refusing }],
    ['has no periodic sync', stageBrowser({ isAble: false }).browser],
    ['has no worker', { serviceWorker: { getRegistration: () => Promise.resolve(undefined) } }],
    ['has no service workers', {}],
  ])('says so where the browser %s', async (_what, browser) => {
    expect(await registerPeriodicSync(browser)).toBe('unsupported')
    await expect(unregisterPeriodicSync(browser)).resolves.toBeUndefined()
  })
})

describe('keeping it going', () => {
  test('ends with a pause, begins again with its end, and ends with the sign-out', async () => {
    const { openPage } = await setStage()
    const outbox = await openPage(ana)
    const { browser, asked } = stageBrowser()
    const stop = keepPeriodicSync(outbox, browser)
    await vi.waitFor(() => {
      expect(asked.splice(0)).toEqual(begun)
    })
    await outbox.pause()
    await vi.waitFor(() => {
      expect(asked).toEqual(ended)
    })
    await outbox.resume()
    await vi.waitFor(() => {
      expect(asked).toEqual([...ended, ...begun])
    })
    asked.splice(0)
    await stop()
    expect(asked).toEqual(ended)
    await outbox.resume()
    await outbox.close()
    expect(asked).toEqual(ended)
  })

  test('what is ended while it begins does not stay', async () => {
    const { openPage } = await setStage()
    const outbox = await openPage(ana)
    const { browser, asked } = stageBrowser()
    await keepPeriodicSync(outbox, browser)()
    expect(asked).toEqual([...begun, ...ended])
    await outbox.close()
  })

  test('R147 without the permission the page asks the worker now and every hour, until it is ended', async () => {
    const { openPage } = await setStage()
    const outbox = await openPage(ana)
    const { browser, asked } = stageBrowser({ state: 'denied' })
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const stop = keepPeriodicSync(outbox, browser)
    await vi.waitFor(() => {
      expect(asked).toEqual([begun[0], ...requests])
    })
    await vi.advanceTimersByTimeAsync(2 * hourMs)
    expect(asked.slice(1)).toEqual([...requests, ...requests, ...requests])
    await stop()
    asked.splice(0)
    await vi.advanceTimersByTimeAsync(5 * hourMs)
    expect(asked).toEqual([])
    await outbox.close()
  })
})
