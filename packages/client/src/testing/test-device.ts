/**
 * A browser for tests: tabs that share a disk, locks and channels, a clock that is moved by hand, a network with faults
 * and a server behind it. The outboxes in it are the real ones; nothing they wait for is real time.
 */
import { SyncError, type AnyOperationDefinition } from '@holdfast/core'
import type { Environment } from '../environment.ts'
import { openOutboxWith } from '../open-outbox.ts'
import type { Outbox, OutboxOptions } from '../outbox.ts'
import { afterPowerCut, memoryDisk, openMemoryStore, type MemoryDisk } from '../store/memory-store.ts'
import { openMemoryRegistry, type MemoryRegistryDisk } from '../store/memory-registry.ts'
import type { Registry, Session } from '../store/registry.ts'
import type { Store } from '../store/store.ts'
import { mortalStore } from './mortal-store.ts'
import { TestChannels } from './test-channels.ts'
import { settle, TestClock } from './test-clock.ts'
import { TestLocks } from './test-locks.ts'
import { TestNetwork } from './test-network.ts'
import { TestServer } from './test-server.ts'
import { Witness } from './witness.ts'

/** What a tab is opened with. The rest of the outbox's options have the defaults of a test. */
export interface TestTabOptions extends Partial<Omit<OutboxOptions, 'operations'>> {
  readonly operations: readonly AnyOperationDefinition[]
}

/** Who uses the tabs of a test, unless it says otherwise. */
const someone: Session = { tenant: 'test', user: 'tester' }

interface Tab {
  isAlive: boolean
  outbox: Outbox | undefined
  readonly environment: Environment
}

/** A browser with tabs. */
export class TestDevice {
  readonly clock: TestClock = new TestClock()
  readonly server: TestServer = new TestServer()
  readonly network: TestNetwork = new TestNetwork(this.server)
  /** True: whatever needs room on the disk fails with `quota`. */
  isDiskFull = false
  readonly #locks = new TestLocks()
  readonly #channels = new TestChannels()
  readonly #witness = new Witness()
  readonly #wakers = new Set<() => void>()
  readonly #disks = new Map<string, MemoryDisk>()
  readonly #registries = new Map<string, MemoryRegistryDisk>()
  #tabs: Tab[] = []
  #chance: number

  /** @param seed the same seed gives the same ids, jitter and choices */
  constructor(seed = 1) {
    this.#chance = Math.max(1, Math.abs(Math.trunc(seed)) % 2_147_483_647)
  }

  /** Opens an outbox in a tab of its own. Tabs of one name and session share one queue, as in a browser. */
  async open(options: TestTabOptions): Promise<Outbox> {
    const isAlive = (): boolean => tab.isAlive
    const environment = this.#environment(isAlive)
    const tab: Tab = { isAlive: true, outbox: undefined, environment }
    const session = options.session ?? someone
    const openStore = (name: string): Promise<Store> =>
      Promise.resolve(
        mortalStore(openMemoryStore(this.#diskOf(name)), {
          isAlive,
          isFull: () => this.isDiskFull,
          witness: this.#witness,
        }),
      )
    const openRegistry = (name: string): Promise<Registry> =>
      Promise.resolve(openMemoryRegistry(environment.random, this.#registryOf(name)))
    const transport = this.network.forTab(session, (delayMs) => this.#wait(delayMs))
    tab.outbox = await openOutboxWith(
      { environment, openStore, openRegistry },
      { name: 'test', session, transport, ...options },
    )
    this.#tabs.push(tab)
    return tab.outbox
  }

  /**
   * The environment of the tab that an outbox was opened in, for what else of Holdfast runs there, such as collections.
   *
   * @throws SyncError `unknown-entry` when it was not opened on this device, or its tab was killed
   */
  environmentOf(outbox: Outbox): Environment {
    return this.#tabOf(outbox).environment
  }

  /** Lets time pass: timers fire, requests go out, answers come back. */
  async advance(byMs: number): Promise<void> {
    await this.clock.advance(byMs)
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    await settle()
  }

  /** The network goes away. */
  goOffline(): void {
    this.network.isOnline = false
  }

  /** The network comes back, and the browser tells its tabs. */
  async goOnline(): Promise<void> {
    this.network.isOnline = true
    await this.wake()
  }

  /** What a browser tells its tabs when a page becomes visible or the network may be back. */
  async wake(): Promise<void> {
    for (const wake of this.#wakers) wake()
    await settle()
  }

  /** Kills a tab, wherever it is: it hears nothing more, and what it stored stays. */
  kill(outbox: Outbox): void {
    const tab = this.#tabOf(outbox)
    tab.isAlive = false
    this.#tabs = this.#tabs.filter((each) => each !== tab)
    this.#locks.releaseDead()
  }

  /** Kills all tabs, as a browser that crashes does. */
  killAll(): void {
    for (const tab of this.#tabs) tab.isAlive = false
    this.#tabs = []
    this.#locks.releaseDead()
  }

  /** Cuts the power: all tabs die, and of what was stored only the strict writes are sure to be there. */
  cutPower(): void {
    this.killAll()
    for (const [name, disk] of this.#disks) this.#disks.set(name, afterPowerCut(disk))
  }

  /**
   * Checks the promises against everything that was enqueued on this device so far: each operation is settled, each
   * applied one had its effect exactly once and in the order of its lane, and no other had any.
   *
   * @throws Error that lists every broken promise, by operation
   */
  async assertEverySettledOnce(): Promise<void> {
    await this.#witness.assertEverySettledOnce(this.server)
  }

  /** Closes all tabs. */
  async close(): Promise<void> {
    for (const { outbox } of this.#tabs) await outbox?.close()
    this.#tabs = []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #tabOf(outbox: Outbox): Tab {
    const tab = this.#tabs.find((each) => each.outbox === outbox)
    if (tab === undefined) throw new SyncError('unknown-entry', 'This outbox was not opened on this test device.')
    return tab
  }

  #environment(isAlive: () => boolean): Environment {
    const fraction = (): number => {
      // The minimal standard generator of Park and Miller.
      this.#chance = (this.#chance * 48_271) % 2_147_483_647
      return this.#chance / 2_147_483_647
    }
    return {
      clock: this.clock.forTab(isAlive),
      random: { fraction, bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(fraction() * 256)) },
      locks: this.#locks.forTab(isAlive),
      openChannel: (name, listener) => this.#channels.open(name, isAlive, listener),
      isOnlineHint: () => this.network.isOnline,
      // Uncaught, as in a page: the test runner says which test it was.
      reportError: (error) => {
        queueMicrotask(() => {
          throw error
        })
      },
      onWakeHint: (callback) => {
        const wake = (): void => {
          if (isAlive()) callback()
        }
        this.#wakers.add(wake)
        return () => this.#wakers.delete(wake)
      },
      onFreeze: () => () => {},
    }
  }

  /** A request is on its way; its time passes whether its tab lives or not. */
  async #wait(delayMs: number): Promise<void> {
    await Promise.resolve()
    if (delayMs > 0) await new Promise<void>((resolve) => this.clock.forTab(() => true).timer(delayMs, resolve))
  }

  #diskOf(name: string): MemoryDisk {
    const disk = this.#disks.get(name) ?? memoryDisk({ trackPowerCut: true })
    this.#disks.set(name, disk)
    return disk
  }

  #registryOf(name: string): MemoryRegistryDisk {
    const disk = this.#registries.get(name) ?? { deviceId: undefined, current: undefined, identities: [] }
    this.#registries.set(name, disk)
    return disk
  }
}
