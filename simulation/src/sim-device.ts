/** A device: a clock, a disk, a cookie jar, a network and any number of tabs, each with the real engine in it. */
import { openOutboxWith, type Outbox } from '@holdfast/client'
import { openMemoryRegistry, type MemoryRegistryDisk } from '../../packages/client/src/store/memory-registry.ts'
import { databaseName } from '../../packages/client/src/store/registry.ts'
import { operations } from './domain.ts'
import type { Mutant } from './mutant.ts'
import type { Journal } from './journal.ts'
import type { SimRandom } from './random.ts'
import type { ServerModel, SimSession } from './server-model.ts'
import { SimChannels } from './sim-channels.ts'
import type { SimClock } from './sim-clock.ts'
import { SimContext } from './sim-context.ts'
import { SimDisk } from './sim-disk.ts'
import { SimLocks } from './sim-locks.ts'
import { fineNetwork, SimNetwork, type NetworkWeather } from './sim-network.ts'
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
}

/** A tab or worker with the outbox in it. */
export interface Tab {
  readonly context: SimContext
  readonly session: SimSession
  readonly queue: Queue
  /** `undefined` while it opens. */
  outbox: Outbox | undefined
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
  networkWeather: NetworkWeather = { ...fineNetwork }
  diskWeather: DiskWeather = { ...fineDisk }
  isOnlineHint = true
  readonly locks: SimLocks
  readonly channels: SimChannels
  readonly queues: Map<string, Queue> = new Map()
  #tabs: Tab[] = []
  #skewMs = 0
  #opened = 0
  readonly #registryDisk: MemoryRegistryDisk = { deviceId: undefined, current: undefined, identities: [] }
  readonly #world: SimWorld
  readonly #random: SimRandom

  constructor(name: string, people: readonly SimSession[], world: SimWorld) {
    this.name = name
    this.people = people
    this.cookie = people[0] ?? null
    this.#world = world
    this.#random = world.random.fork()
    this.locks = new SimLocks(world.isEveryoneLeader, () => {
      world.journal.fault('lock-stolen')
    })
    this.channels = new SimChannels(world.journal, world.random.fork())
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
    const queue = this.queueOf(session)
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
    const tab: Tab = { context, session, queue, outbox: undefined }
    this.#tabs.push(tab)
    const openStore = (): ReturnType<typeof openSimStore> => {
      const host = { context, disk: queue.disk, weather: () => this.diskWeather, random, journal }
      const store = openSimStore({ ...host, watch: witness.watchDisk(queue) })
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
        operations,
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

  #networkOf(queue: Queue): SimNetwork {
    const { clock, journal, server, isServerDown, witness } = this.#world
    return new SimNetwork({
      clock,
      journal,
      server,
      isServerDown,
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
      },
    })
  }
}
