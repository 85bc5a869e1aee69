/** A device: a clock, a disk, a cookie jar, a network and any number of tabs, each with the real engine in it. */
import { openOutboxWith, type Outbox } from '@holdfast/client'
import { openMemoryRegistry, type MemoryRegistryDisk } from '../../packages/client/src/store/memory-registry.ts'
import { cloneDisk, type MemoryDisk } from '../../packages/client/src/store/memory-store.ts'
import { databaseName } from '../../packages/client/src/store/registry.ts'
import { operationsOf, type Release } from './domain.ts'
import type { Mutant } from './mutant.ts'
import type { Journal } from './journal.ts'
import type { SimRandom } from './random.ts'
import type { ServerModel, SimSession } from './server-model.ts'
import { SimChannels } from './sim-channels.ts'
import type { SimClock } from './sim-clock.ts'
import { SimContext } from './sim-context.ts'
import { liveOf, SimDisk } from './sim-disk.ts'
import { SimLocks } from './sim-locks.ts'
import { fineNetwork, type NetworkWeather } from './answer-fault.ts'
import { SimNetwork } from './sim-network.ts'
import { fineDisk, openSimStore, type DiskWeather } from './sim-storage.ts'
import { codeOf, type Queue, type Witness } from './witness.ts'

/** What all devices of a run share. */
export interface SimWorld {
  readonly clock: SimClock
  readonly journal: Journal
  readonly server: ServerModel
  readonly witness: Witness
  readonly random: SimRandom
  readonly mutant: Mutant
  readonly isEveryoneLeader: boolean
  readonly isServerDown: () => boolean
  readonly crashServer: () => void
}

/** A tab or worker with the outbox in it. */
export interface Tab {
  readonly context: SimContext
  readonly session: SimSession
  readonly queue: Queue
  /** The release of the app that it runs. */
  readonly release: Release
  /** `undefined` while it opens. */
  outbox: Outbox | undefined
}

/** A copy of everything that a device has stored. */
interface Backup {
  readonly disks: ReadonlyMap<string, MemoryDisk>
  readonly registry: MemoryRegistryDisk
}

function emptyRegistry(): MemoryRegistryDisk {
  return { deviceId: undefined, current: undefined, identities: [] }
}

/** The name of the application. */
const application = 'simulated'

/** A device. */
export class SimDevice {
  readonly name: string
  /** Who may sign in here. */
  readonly people: readonly SimSession[]
  /** Whose cookie the browser has. */
  cookie: SimSession | null
  diskWeather: DiskWeather = { ...fineDisk }
  isOnlineHint = true
  /** Which release of the app a new tab gets. */
  release: Release = 'first'
  /** Somebody enqueues urgent things without an end. */
  isFlooded = false
  /** The chance that whoever has just got the lock of another context dies at once. */
  handoverDeadliness = 0
  readonly locks: SimLocks
  readonly channels: SimChannels
  readonly queues: Map<string, Queue> = new Map()
  #networkWeather: NetworkWeather = { ...fineNetwork }
  #tabs: Tab[] = []
  #skewMs = 0
  #opened = 0
  #registryDisk: MemoryRegistryDisk = emptyRegistry()
  #backup: Backup | undefined
  readonly #world: SimWorld
  readonly #random: SimRandom

  constructor(name: string, people: readonly SimSession[], world: SimWorld) {
    this.name = name
    this.people = people
    this.cookie = people[0] ?? null
    this.#world = world
    this.#random = world.random.fork()
    this.locks = new SimLocks(world.isEveryoneLeader, {
      onSteal: () => {
        world.journal.fault('lock-stolen')
      },
      onHandover: (context) => {
        if (!this.#random.chance(this.handoverDeadliness)) return
        world.clock.after(this.#random.between(0, 100), () => {
          world.journal.fault('leader-killed-at-handover')
          this.killContext(context)
        })
      },
    })
    this.channels = new SimChannels(world.journal, world.random.fork())
  }

  get networkWeather(): NetworkWeather {
    return this.#networkWeather
  }

  set networkWeather(weather: NetworkWeather) {
    this.#networkWeather = weather
    this.#world.witness.noteNetwork(this.name, weather.isOffline)
  }

  /** Tabs that are not dead. */
  get tabs(): readonly Tab[] {
    return this.#tabs
  }

  /** The device's wall clock, ms since 1970. */
  get wallMs(): number {
    return this.#world.clock.nowMs + this.#skewMs
  }

  /** Somebody, or the network's time, sets the clock. */
  jumpClock(byMs: number): void {
    this.#skewMs += byMs
    this.#world.witness.noteJump(this.name)
  }

  queueOf(session: SimSession): Queue {
    const name = databaseName(application, session)
    let queue = this.queues.get(name)
    if (queue === undefined) {
      queue = { device: this.name, session, disk: new SimDisk() }
      this.queues.set(name, queue)
    }
    return queue
  }

  /** Opens a tab of a person; its outbox is there some time later, or never when the disk fails. */
  open(session: SimSession): Tab {
    const { clock, journal, mutant, witness } = this.#world
    this.#opened += 1
    const queue = this.queueOf(mutant.sharesQueue === true ? (this.people[0] ?? session) : session)
    const name = `${this.name}.${session.user}.${this.#opened}`
    const random = this.#random.fork()
    const context = new SimContext(
      name,
      {
        clock,
        locks: this.locks,
        channels: this.channels,
        wallMs: () => this.wallMs,
        isOnlineHint: () => this.isOnlineHint,
      },
      random.fork(),
    )
    const network = this.#networkOf(queue)
    const { release } = this
    const tab: Tab = { context, session, queue, release, outbox: undefined }
    this.#tabs.push(tab)
    const openStore = (): ReturnType<typeof openSimStore> => {
      const host = { context, disk: queue.disk, weather: () => this.diskWeather, random, journal }
      const kill = (dying: SimContext): void => {
        this.killContext(dying)
      }
      const store = openSimStore({ ...host, watch: witness.watchDisk(queue, context), kill, appends: mutant.appends })
      return mutant.store?.(store, queue, context) ?? store
    }
    const transport = network.transport(context)
    journal.note(`${name} opens`)
    openOutboxWith(
      {
        environment: mutant.environment?.(context.environment) ?? context.environment,
        openStore: () => Promise.resolve(openStore()),
        openRegistry: () => Promise.resolve(openMemoryRegistry(context.environment.random, this.#registryDisk)),
      },
      {
        name: application,
        operations: operationsOf(release),
        session,
        transport: mutant.transport?.(transport, queue, () => this.cookie) ?? transport,
      },
    ).then(
      (outbox) => {
        tab.outbox = outbox
      },
      (error: unknown) => {
        if (codeOf(error) !== 'storage') journal.violate('I13', `a tab could not be opened: ${String(error)}`)
        this.kill(tab)
      },
    )
    return tab
  }

  /** True while a request of a context is on its way. */
  isSending(context: SimContext): boolean {
    return this.#world.witness.isSending(context)
  }

  /** Stops a tab, or lets it go on. */
  freezeOrThaw(tab: Tab, how: 'freeze' | 'freeze-warned' | 'thaw'): void {
    this.#world.witness.noteFreeze(this.name)
    if (how === 'thaw') tab.context.thaw()
    else tab.context.freeze(how === 'freeze-warned')
  }

  /** Closes a tab in good order. */
  close(tab: Tab): void {
    const { outbox } = tab
    if (outbox === undefined || !tab.context.isAlive) {
      this.kill(tab)
      return
    }
    this.#world.journal.note(`${tab.context.name} closes`)
    tab.outbox = undefined
    void outbox.close().then(() => {
      this.kill(tab)
    })
  }

  /** Ends a tab at once. */
  kill(tab: Tab): void {
    if (!tab.context.isDead) this.#world.journal.note(`${tab.context.name} dies`)
    tab.context.kill()
    tab.outbox = undefined
    this.#tabs = this.#tabs.filter((other) => other !== tab)
  }

  /** Ends the tab of a context at once. */
  killContext(context: SimContext): void {
    const tab = this.#tabs.find((other) => other.context === context)
    if (tab !== undefined) this.kill(tab)
  }

  killAll(): void {
    for (const tab of this.#tabs) this.kill(tab)
  }

  /** The power goes: all tabs die, and relaxed writes may be undone. */
  cutPower(): void {
    const { journal, witness } = this.#world
    this.killAll()
    for (const { disk } of this.queues.values()) {
      if (disk.cutPower(this.#random)) journal.fault('power-cut-rolled-back')
    }
    witness.notePowerCut()
  }

  /** The browser, or its person, throws away everything that this site has stored. */
  evict(): void {
    this.killAll()
    for (const queue of this.queues.values()) {
      this.#world.witness.noteLoss(queue, undefined)
      queue.disk = new SimDisk()
    }
    this.#registryDisk = emptyRegistry()
  }

  /** Somebody copies everything that is stored here; tabs go on. */
  takeBackup(): void {
    const disks = new Map([...this.queues].map(([name, { disk }]) => [name, cloneDisk(disk.live)]))
    this.#backup = { disks, registry: structuredClone(this.#registryDisk) }
  }

  /** Everything is as it was when it was copied; false when it never was. */
  restoreBackup(): boolean {
    const backup = this.#backup
    if (backup === undefined) return false
    this.killAll()
    for (const [name, queue] of this.queues) {
      const disk = backup.disks.get(name)
      this.#world.witness.noteLoss(queue, disk)
      queue.disk = new SimDisk()
      if (disk !== undefined) queue.disk.live = cloneDisk(disk)
    }
    this.#registryDisk = structuredClone(backup.registry)
    return true
  }

  /** A copy of this device's profile goes on as another device, where that one has nothing of its own to lose. */
  cloneTo(other: SimDevice): boolean {
    const shared = this.people.find((one) => other.people.includes(one))
    if (shared === undefined) return false
    const target = other.queueOf(shared)
    if (liveOf(target.disk.live).length > 0) return false
    other.killAll()
    this.#world.witness.noteLoss(target, this.queueOf(shared).disk.live)
    target.disk = new SimDisk()
    target.disk.live = cloneDisk(this.queueOf(shared).disk.live)
    other.#registryDisk = structuredClone(this.#registryDisk)
    return true
  }

  #networkOf(queue: Queue): SimNetwork {
    const { clock, journal, server, isServerDown, crashServer, witness } = this.#world
    return new SimNetwork({
      clock,
      journal,
      server,
      isServerDown,
      crashServer,
      kill: (context) => {
        this.killContext(context)
      },
      random: this.#random.fork(),
      weather: () => this.networkWeather,
      session: () => this.cookie,
      watch: {
        onSend: (context, batch) => {
          witness.noteSend(queue, context, batch)
        },
        onAskedToWait: (context, waitMs) => {
          witness.noteAskedToWait(context, waitMs)
        },
        onAnswer: (answer) => {
          witness.pages.noteAnswer(answer, clock.nowMs)
        },
        onDone: (context) => {
          witness.noteDone(queue, context)
        },
      },
    })
  }
}
