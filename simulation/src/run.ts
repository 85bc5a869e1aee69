/**
 * One run: a seed, a small company, its devices. First everything goes wrong for a while; then everything heals, and
 * within a bound of simulated time all that was wished must have happened, or must wait visibly for a person.
 */
import { checkFinally, stuckOf } from './final-checks.ts'
import { fineNetwork } from './answer-fault.ts'
import { firstHandlers, laterHandlers } from './domain.ts'
import { openTab, strike } from './fate.ts'
import type { FaultKind } from './faults.ts'
import { Journal, type Violation } from './journal.ts'
import { noMutant, type Mutant } from './mutant.ts'
import { People } from './person.ts'
import { SimRandom } from './random.ts'
import { ServerModel, type AppliedBatch, type SimSession } from './server-model.ts'
import { SimClock } from './sim-clock.ts'
import { SimDevice, type SimWorld, type Tab } from './sim-device.ts'
import type { LiveEntry } from '../../packages/client/src/store/store.ts'
import { findOn, liveOf } from './sim-disk.ts'
import { lateCopyMaxMs } from './sim-network.ts'
import { fineDisk } from './sim-storage.ts'
import { nameOf, Witness, type Queue } from './witness.ts'

/** How a run differs from the usual one. */
export interface RunOptions {
  readonly mutant?: Mutant
  /** Locks are granted to everybody: no promise may rest on them. */
  readonly isEveryoneLeader?: boolean
  readonly onApplied?: (batch: AppliedBatch) => void
  /** Ends the run early once a violation of one of these promises was found. */
  readonly stopsAt?: readonly string[]
  readonly eventsMax?: number
  /** How many of the last events the result brings along; default 60. */
  readonly traceMax?: number
}

/** What a run came to. */
export interface RunResult {
  readonly seed: number
  readonly operations: number
  readonly requests: number
  readonly events: number
  readonly faults: ReadonlyMap<FaultKind, number>
  readonly violations: readonly Violation[]
  /** Equal for runs in which the same things happened at the same time. */
  readonly hash: string
  /** The last things that happened. */
  readonly tail: readonly string[]
}

const [secondMs, minuteMs, hourMs, dayMs] = [1000, 60_000, 3_600_000, 86_400_000]

/** How long everything goes wrong. */
const faultsMs = 25 * minuteMs
/** How long healing may take: a probe, a stolen lock, the longest backoff (6 min), what the server asked for (2 min), in a row. */
const healMs = 30 * minuteMs
/** More events than this mean that something turns in a circle; a usual run has about eight thousand. */
const eventsUsuallyMax = 150_000
/** Wake-ups of a tab in an hour with nothing to do: some looks around, and signs of life of whoever leads. */
const wakeUpsPerHourMax = 400
/** Requests of a run: for each operation so many, and some more for what went wrong. */
const [requestsMin, requestsPerOperationMax] = [100, 5]
/** Rounds in which a person settles what needs one. */
const personRounds = 200

const ana: SimSession = { tenant: 'north', user: 'ana' }
const people: readonly (readonly SimSession[])[] = [
  [ana, { tenant: 'north', user: 'ben' }],
  [{ tenant: 'south', user: 'cleo' }, ana],
]

/** Runs one seed. */
export async function run(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const simulation = new Run(seed, options)
  const onRejection = (reason: unknown): void => {
    simulation.noteRejection(reason)
  }
  process.on('unhandledRejection', onRejection)
  try {
    return await simulation.play()
  } finally {
    process.off('unhandledRejection', onRejection)
  }
}

class Run {
  readonly #seed: number
  readonly #traceMax: number
  readonly #stopsAt: readonly string[]
  readonly #eventsMax: number
  readonly #random: SimRandom
  readonly #clock = new SimClock()
  readonly #journal: Journal
  readonly #server: ServerModel
  readonly #witness: Witness
  readonly #devices: readonly SimDevice[]
  readonly #crowd: ReadonlyMap<SimDevice, People>
  #isServerDown = false
  #isHealed = false
  #requests = 0

  constructor(
    seed: number,
    { mutant = noMutant, isEveryoneLeader = false, onApplied, traceMax = 60, ...limits }: RunOptions,
  ) {
    this.#stopsAt = limits.stopsAt ?? []
    this.#eventsMax = limits.eventsMax ?? eventsUsuallyMax
    this.#seed = seed
    this.#traceMax = traceMax
    this.#random = new SimRandom(seed)
    this.#journal = new Journal(() => this.#clock.nowMs, traceMax)
    this.#server = new ServerModel({
      handlers: firstHandlers,
      mutation: mutant.server ?? {},
      onApplied: (batch) => {
        this.#requests += 1
        this.#witness.noteApplied(batch)
        onApplied?.(batch)
      },
    })
    this.#witness = new Witness(this.#journal, this.#clock, this.#server)
    const world: SimWorld = {
      clock: this.#clock,
      journal: this.#journal,
      server: this.#server,
      witness: this.#witness,
      random: this.#random.fork(),
      mutant,
      isEveryoneLeader,
      isServerDown: () => this.#isServerDown,
      crashServer: () => {
        this.#crashServer()
      },
    }
    this.#devices = people.map((own, index) => new SimDevice(`d${index}`, own, world))
    const host = { ...world, random: this.#random.fork() }
    this.#crowd = new Map(this.#devices.map((device) => [device, new People(device, host)]))
  }

  noteRejection(reason: unknown): void {
    this.#journal.violate('I13', `a promise was rejected and nobody heard: ${String(reason)}`)
  }

  async play(): Promise<RunResult> {
    await this.#suffer()
    await this.#heal()
    let operations = 0
    for (const own of this.#crowd.values()) operations += own.operationCount
    this.#judgeRequests(operations)
    await this.#linger()
    checkFinally({
      devices: this.#devices,
      server: this.#server,
      witness: this.#witness,
      journal: this.#journal,
    })
    const { faults, violations, hash } = this.#journal
    const { eventCount: events } = this.#clock
    return {
      seed: this.#seed,
      operations,
      requests: this.#requests,
      events,
      faults,
      violations,
      hash,
      tail: this.#journal.tail(this.#traceMax),
    }
  }

  /** The first phase: people work, and fate strikes. */
  async #suffer(): Promise<void> {
    const random = this.#random
    const startMs = this.#clock.nowMs
    const sleepsAtMs = random.chance(0.3) ? startMs + faultsMs / 2 : undefined
    for (const [index, device] of this.#devices.entries()) {
      openTab(device, random)
      const isClockSteady = (this.#seed + index) % 2 === 0
      this.#again(device, 5 * secondMs, () => {
        strike(device, { random, journal: this.#journal, devices: this.#devices, isClockSteady })
      })
      this.#again(device, 6 * secondMs, () => {
        const tab = random.pick(device.tabs)
        if (tab !== undefined) this.#crowd.get(device)?.act(tab)
      })
    }
    this.#troubleServer()
    if (sleepsAtMs !== undefined) {
      await this.#clock.run(sleepsAtMs, () => this.#isOver())
      await this.#sleepForDays()
    }
    await this.#clock.run(this.#clock.nowMs + faultsMs - (sleepsAtMs === undefined ? 0 : faultsMs / 2), () =>
      this.#isOver(),
    )
  }

  /** Everybody closes everything and comes back days later. */
  async #sleepForDays(): Promise<void> {
    const isForMonths = this.#random.chance(0.4)
    this.#journal.fault(isForMonths ? 'months-away' : 'days-away')
    for (const device of this.#devices) device.killAll()
    this.#isAway = true
    await this.#clock.run(this.#clock.nowMs + this.#random.between(20, 100) * (isForMonths ? dayMs : hourMs), () =>
      this.#isOver(),
    )
    this.#isAway = false
  }

  #isAway = false
  #hasCircled = false

  #again(device: SimDevice, meanMs: number, work: () => void): void {
    const waitMs = this.#isAway ? 10 * minuteMs : this.#random.exponential(meanMs)
    this.#clock.after(waitMs, () => {
      if (this.#isHealed) return false
      if (!this.#isAway) work()
      this.#again(device, meanMs, work)
      return undefined
    })
  }

  #troubleServer(): void {
    const turn = (): void => {
      this.#clock.after(this.#random.exponential(4 * minuteMs), () => {
        if (this.#isHealed) return
        turn()
        // While nobody is there, nobody notices.
        if (this.#isAway) return
        this.#journal.fault('server-crashed')
        this.#crashServer()
      })
    }
    turn()
    this.#clock.after(this.#random.between(0, 2 * faultsMs), () => {
      this.#deploy()
    })
  }

  #crashServer(): void {
    if (this.#isHealed) return
    this.#isServerDown = true
    this.#clock.after(this.#random.exponential(30 * secondMs), () => {
      this.#isServerDown = false
    })
  }

  /** The server's next release. */
  #deploy(): void {
    for (const handler of laterHandlers) this.#server.deploy(handler)
  }

  /** The second phase: everything works, and everybody comes back once. */
  async #heal(): Promise<void> {
    this.#isHealed = true
    this.#isServerDown = false
    this.#journal.note('everything heals')
    this.#deploy()
    for (const device of this.#devices) {
      device.networkWeather = { ...fineNetwork }
      device.diskWeather = { ...fineDisk }
      device.channels.loss = 0
      device.isFlooded = false
      device.handoverDeadliness = 0
      device.release = 'second'
      // What the browser says of the network stays a lie here and there.
      device.isOnlineHint = this.#random.chance(0.7)
      for (const { context } of device.tabs) {
        context.isHidden = false
        context.thaw()
      }
    }
    // A server that is on its way down as faults end comes up again.
    await this.#clock.run(this.#clock.nowMs + 5 * secondMs)
    this.#isServerDown = false
    for (const device of this.#devices) {
      for (const queue of device.queues.values()) await this.#healQueue(device, queue)
    }
    await this.#rest()
  }

  /** Nothing is left to do: nothing is sent, and nobody wakes up more often than to look around. */
  async #rest(): Promise<void> {
    const tabs = this.#devices.flatMap((device) => device.tabs)
    const wakeUpsBefore = tabs.map(({ context }) => context.wakeUps)
    const requestsBefore = this.#witness.requestCount
    await this.#clock.run(this.#clock.nowMs + hourMs, () => this.#isOver())
    const requests = this.#witness.requestCount - requestsBefore
    if (requests > 0) this.#journal.violate('I10', `${requests} requests were sent with nothing to send`)
    for (const [index, { context }] of tabs.entries()) {
      const wakeUps = context.wakeUps - (wakeUpsBefore[index] ?? 0)
      if (wakeUps > wakeUpsPerHourMax) {
        this.#journal.violate('I10', `${context.name} woke up ${wakeUps} times in an hour with nothing to do`)
      }
    }
  }

  /** The third phase: all devices are off, and what still hangs about in networks reaches the server. */
  async #linger(): Promise<void> {
    for (const device of this.#devices) device.killAll()
    await this.#clock.run(this.#clock.nowMs + lateCopyMaxMs)
  }

  #judgeRequests(operations: number): void {
    const max = requestsMin + requestsPerOperationMax * operations
    if (this.#witness.requestCount > max) {
      this.#journal.violate('I10', `${this.#witness.requestCount} requests for ${operations} operations`)
    }
  }

  async #healQueue(device: SimDevice, queue: Queue): Promise<void> {
    const { session, disk } = queue
    const name = `${nameOf(session)} on ${device.name}`
    device.cookie = session
    const tab = device.tabs.find((other) => other.queue === queue && other.context.isAlive) ?? device.open(session)
    await this.#until(() => tab.outbox !== undefined, minuteMs)
    tab.outbox?.authenticated()
    let isResumed = false
    this.#witness.noteResume(queue)
    void tab.outbox?.resume().then(() => {
      isResumed = true
    })
    await this.#until(() => isResumed, minuteMs)
    for (let round = 0; round < personRounds; round += 1) {
      if (!(await this.#until(() => stuckOf(queue.disk.live).length === 0, this.#boundMs(device)))) {
        if (await this.#giveUpOrphans(tab)) continue
        const stuck = stuckOf(disk.live)
        this.#journal.violate(
          'I11',
          `${name}: ${stuck.length} entries are stuck, the first is ${this.#describe(stuck[0], queue)}`,
        )
        return
      }
      if (liveOf(disk.live).length === 0) break
      const { outbox } = tab
      if (outbox === undefined) break
      let isDone = false
      void this.#crowd
        .get(device)
        ?.settleAll(outbox, round < 2 ? 'retry' : 'discard')
        .then(() => {
          isDone = true
        })
      await this.#until(() => isDone, minuteMs)
      await this.#clock.run(this.#clock.nowMs + secondMs)
    }
    const left = liveOf(disk.live)
    if (left.length > 0) this.#journal.violate('I11', `${name}: nobody could settle ${left.length} entries`)
    await this.#checkStatus(name, tab)
  }

  /** How long healing may take now: a server that has asked for a day gets its day. */
  #boundMs(device: SimDevice): number {
    const contexts = device.tabs.map(({ context }) => context)
    return Math.max(0, this.#witness.askedUntilMs(contexts) - this.#clock.nowMs) + healMs
  }

  /**
   * What waits for something that its device has lost waits for ever, and says so: a person takes it back. True when
   * there was any.
   */
  async #giveUpOrphans({ outbox, queue }: Tab): Promise<boolean> {
    const orphans = liveOf(queue.disk.live).filter(
      ({ operation, state }) =>
        (state.kind === 'waiting' || state.kind === 'queued') &&
        (operation.after ?? []).some((id) => this.#witness.isForsaken(id)),
    )
    for (const { operation } of orphans) void outbox?.discard(operation.id).catch(() => {})
    await this.#clock.run(this.#clock.nowMs + minuteMs, () => this.#isOver())
    return orphans.length > 0
  }

  #describe(entry: LiveEntry | undefined, { disk }: Queue): string {
    if (entry === undefined) return 'gone'
    const { operation, state } = entry
    const parents = (operation.after ?? []).map(
      (id) => `${this.#witness.tokenOfId.get(id)} ${findOn(disk.live, id)?.state.kind}`,
    )
    const lane = liveOf(disk.live).filter((other) => other.operation.lane === operation.lane)
    const beside = lane.map((other) => `${this.#witness.tokenOfId.get(other.operation.id)} ${other.state.kind}`)
    return `${this.#witness.tokenOfId.get(operation.id)}, ${state.kind}, after [${parents.join(', ')}], in ${operation.lane} with [${beside.join(', ')}]`
  }

  /** What the page shows in the end is what is on the disk. */
  async #checkStatus(name: string, tab: Tab): Promise<void> {
    tab.context.hint()
    await this.#clock.run(this.#clock.nowMs + 5 * secondMs)
    const status = tab.outbox?.status()
    if (status === undefined) {
      this.#journal.violate('I11', `${name}: the outbox is not open in the end`)
      return
    }
    const shown = status.pending + status.needsYou
    const isThere = liveOf(tab.queue.disk.live).length
    if (shown !== isThere) this.#journal.violate('I12', `${name}: ${shown} entries are shown and ${isThere} are there`)
  }

  /** Runs until something holds; false when it does not within the bound. */
  async #until(holds: () => boolean, boundMs: number): Promise<boolean> {
    const untilMs = this.#clock.nowMs + boundMs
    for (let lookMs = secondMs; this.#clock.nowMs < untilMs && !this.#isOver(); lookMs *= 1.2) {
      if (holds()) return true
      await this.#clock.run(Math.min(untilMs, this.#clock.nowMs + lookMs), () => this.#isOver())
    }
    return holds()
  }

  /** Looks around after an event. True when there is no use in going on: what was looked for was found, or something turns in a circle. */
  #isOver(): boolean {
    this.#witness.pages.judge()
    if (this.#journal.violations.some(({ promise }) => this.#stopsAt.includes(promise))) return true
    if (this.#clock.eventCount < this.#eventsMax) return false
    if (!this.#hasCircled) this.#journal.violate('I13', 'events without an end: something turns in a circle')
    this.#hasCircled = true
    return true
  }
}
