import { describe, expect, test } from 'vitest'
import { watchForLostStorage, type LostStoragePorts } from './lost-storage.ts'
import { StatusBoard } from './status.ts'
import { openMemoryRegistry, type MemoryRegistryDisk } from './store/memory-registry.ts'
import { World } from './world.fixture.ts'

/** Cookies as a page sees them: set one by one, read all at once. */
class Jar {
  readonly #cookies = new Map<string, string>()

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  set cookie(text: string) {
    const [pair = ''] = text.split('; ')
    const at = pair.indexOf('=')
    this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
}

/** A browser: its cookies, and its storage, which can be lost. */
class Browser {
  readonly world: World = new World()
  readonly jar: Jar = new Jar()
  #disk: MemoryRegistryDisk = { deviceId: undefined, current: undefined, identities: [] }

  loseStorage(): void {
    this.#disk = { deviceId: undefined, current: undefined, identities: [] }
  }

  async watch(queued: number, user = 'ana') {
    const { clock, random } = this.world.environment()
    const board = new StatusBoard(clock, true)
    const count = (live: number): void => {
      board.set({ counts: { queued: live, waiting: 0, conflicted: 0, dead: 0 } })
    }
    count(queued)
    const ports: LostStoragePorts = {
      cookies: this.jar,
      clock,
      openRegistry: () => Promise.resolve(openMemoryRegistry(random, this.#disk)),
    }
    const outbox = {
      session: { tenant: 'north', user },
      status: () => board.snapshot,
      subscribe: (listener: () => void) => board.subscribe(listener),
    }
    return { watch: await watchForLostStorage('desk', outbox, ports), count }
  }
}

describe('F044 storage that the browser has thrown away', () => {
  test('is known by what was last counted, until somebody has seen it', async () => {
    const browser = new Browser()
    const { watch, count } = await browser.watch(0)
    expect(watch.lost).toBeUndefined()
    count(3)
    await browser.world.advance(1000)
    const countedAtMs = browser.world.nowMs
    await browser.world.advance(5000)
    watch.stop()
    browser.loseStorage()
    const { watch: next } = await browser.watch(0)
    expect(next.lost?.pending).toBe(3)
    expect(next.lost?.countedAtMs).toBeLessThanOrEqual(countedAtMs)
    next.stop()
    // A page that was closed before anybody looked is no reason to forget it.
    const { watch: again } = await browser.watch(1)
    expect(again.lost).toEqual(next.lost)
    again.acknowledge()
    expect(again.lost).toBeUndefined()
    expect((await browser.watch(1)).watch.lost).toBeUndefined()
  })

  test('twice adds up', async () => {
    const browser = new Browser()
    await browser.watch(3)
    browser.loseStorage()
    await browser.watch(2)
    browser.loseStorage()
    expect((await browser.watch(0)).watch.lost?.pending).toBe(5)
  })

  test('is told once, although another page that is open counts on', async () => {
    const browser = new Browser()
    const { count: countThere } = await browser.watch(3)
    browser.loseStorage()
    const { watch: first, count: countHere } = await browser.watch(0)
    const { watch: second } = await browser.watch(0)
    expect([first.lost?.pending, second.lost?.pending]).toEqual([3, 3])
    // A page from before counts what was lost with its storage.
    countThere(2)
    await browser.world.advance(1000)
    expect((await browser.watch(0)).watch.lost?.pending).toBe(3)
    // One that did not acknowledge counts on.
    second.acknowledge()
    countHere(1)
    await browser.world.advance(1000)
    expect((await browser.watch(1)).watch.lost).toBeUndefined()
  })

  test('is no loss when nothing was left in it, when it is still there, and for somebody else', async () => {
    const browser = new Browser()
    await browser.watch(2)
    expect((await browser.watch(0)).watch.lost).toBeUndefined()
    browser.loseStorage()
    expect((await browser.watch(0)).watch.lost).toBeUndefined()
    await browser.watch(4, 'ben')
    browser.loseStorage()
    expect((await browser.watch(0)).watch.lost).toBeUndefined()
    expect((await browser.watch(0, 'ben')).watch.lost?.pending).toBe(4)
  })

  test('a cookie that somebody has tampered with says nothing', async () => {
    const browser = new Browser()
    await browser.watch(2)
    const [name = ''] = browser.jar.cookie.split('=')
    for (const value of ['', 'x', 'device.1.2', 'device.-1.0.0.0', 'device.1.x.0.0', 'device.1e99.0.0.0']) {
      browser.jar.cookie = `${name}=${value}; Path=/`
      browser.loseStorage()
      expect((await browser.watch(0)).watch.lost, value).toBeUndefined()
    }
  })
})
