/** A person at a tab: enqueues, asks for a drain, looks, settles what needs one. Mistrusts every error and tries again. */
import { operationIdFrom, operationIdRandomBytes, ref, type OperationId } from '@holdfast/core'
import type { Outbox } from '@holdfast/client'
import { definitionsOf, effectsOf, isSkipping, urgentDefinition, type Wish } from './domain.ts'
import type { Journal } from './journal.ts'
import type { SimRandom } from './random.ts'
import type { ServerModel } from './server-model.ts'
import { settleSome } from './settling.ts'
import type { SimClock } from './sim-clock.ts'
import type { SimDevice, Tab } from './sim-device.ts'
import { codeOf, type Intent, type Witness } from './witness.ts'

/** What people of a run share. */
export interface PersonHost {
  readonly clock: SimClock
  readonly journal: Journal
  readonly random: SimRandom
  readonly server: ServerModel
  readonly witness: Witness
}

/** An intent under an id of the app's own, until it is acknowledged. */
interface Unsure {
  readonly id: OperationId
  readonly wish: Wish
  readonly definition: typeof urgentDefinition
  readonly intent: Intent
  readonly tenantAndUser: Tab['session']
  /** The tab that has not answered yet: as long as it lives, a person waits for it. */
  askedIn: Tab | undefined
}

/** Errors that a person expects: the device is full or broken, or somebody else was faster. */
const expectedCodes: ReadonlySet<string | undefined> = new Set([
  'quota',
  'storage',
  'closed',
  'illegal-act',
  'unknown-entry',
])

/** The people of one device. They remember what they were not told about, as people do. */
export class People {
  /** Enqueue calls made. */
  operationCount = 0
  readonly #host: PersonHost
  readonly #device: SimDevice
  readonly #unsure: Unsure[] = []
  readonly #lastIds = new Map<Tab['session'], OperationId>()

  constructor(device: SimDevice, host: PersonHost) {
    this.#device = device
    this.#host = host
  }

  /** One act at one tab. */
  act(tab: Tab): void {
    const { outbox } = tab
    if (outbox === undefined || !tab.context.isAlive) return
    const { random, witness } = this.#host
    const dice = random.fraction()
    const { paused } = outbox.status()
    if ((paused.isAll || paused.types.length > 0) && (dice * 1000) % 33 < 1) {
      witness.noteResume(tab.queue)
      this.#expect(outbox.resume())
      return
    }
    if (dice < 0.6) for (let left = 1 + random.integer(6); left > 0; left -= 1) this.enqueue(tab, outbox)
    else if (dice < 0.7) this.#again(tab, outbox)
    else if (dice < 0.78) this.#expect(outbox.drain(random.chance(0.5) ? {} : { types: ['thing.place'] }))
    else if (dice < 0.92) this.#expect(settleSome(tab, outbox, this.#host))
    else if (dice < 0.993) this.#look(tab, outbox)
    else this.#pause(tab, outbox, dice < 0.996 ? ['thing.change', 'thing.record'] : undefined)
  }

  #pause(tab: Tab, outbox: Outbox, types: readonly string[] | undefined): void {
    const onPaused = this.#host.witness.notePause(tab.queue, types)
    this.#expect(outbox.pause(types === undefined ? {} : { types }).then(onPaused))
  }

  /** Enqueues a new wish. */
  enqueue(tab: Tab, outbox: Outbox): void {
    const { clock, random, server, witness } = this.#host
    const isFlood = this.#device.isFlooded && random.chance(0.9)
    const definition = isFlood ? urgentDefinition : random.pick(definitionsOf(tab.release))
    if (definition === undefined) return
    const thing = `${random.integer(5)}`
    const nowMs = clock.nowMs
    const isStrange = random.chance(0.08)
    const version = effectsOf(server.stateOf(tab.session.tenant, thing)).length
    const onVersion = random.chance(0.15) ? Math.max(0, version - random.integer(2)) : undefined
    const token = witness.intents.size + 1
    const wish: Wish = {
      token,
      thing,
      ...(onVersion !== undefined && { onVersion }),
      ...(definition.version === 2 && { format: 2 }),
      ...(isStrange && random.chance(0.5) && { refusedBeforeMs: nowMs + random.between(0, 900_000) }),
      ...(isStrange && random.chance(0.5) && { brokenBeforeMs: nowMs + random.between(0, 900_000) }),
    }
    const isNamed = random.chance(0.3)
    const last = !isNamed && random.chance(0.1) ? this.#lastIds.get(tab.session) : undefined
    const parentToken = last === undefined ? undefined : witness.tokenOfId.get(last)
    // What the device has lost, nobody can come after.
    const parent = parentToken === undefined || witness.intents.get(parentToken)?.isLost === true ? undefined : last
    const intent: Intent = {
      token,
      session: tab.session,
      device: this.#device.name,
      lane: definition.lane(wish).key,
      isSkipping: isSkipping(definition),
      ids: [],
      acknowledgedId: undefined,
      parent: parent === undefined ? undefined : parentToken,
      isLost: false,
      isCopied: false,
    }
    witness.intents.set(token, intent)
    if (isNamed) {
      const id = operationIdFrom(this.#device.wallMs, random.bytes(operationIdRandomBytes))
      const unsure: Unsure = { id, wish, definition, intent, tenantAndUser: tab.session, askedIn: undefined }
      this.#unsure.push(unsure)
      this.#tell(tab, outbox, unsure)
      return
    }
    // A base would move with what is absorbed, and the token tells on which version it was made.
    const coalesce = onVersion === undefined && random.chance(0.15) ? 'draft' : undefined
    // It takes the place of an older one.
    if (coalesce !== undefined) intent.isSkipping = true
    this.operationCount += 1
    // Every other one needs the mark of what it comes after; it then comes after that one by itself.
    const isReferring = parent !== undefined && token % 2 === 0
    outbox
      .enqueue(definition, isReferring ? { ...wish, parentMark: ref(parent, 'mark') } : wish, {
        ...(parent !== undefined && !isReferring && { after: [parent] }),
        ...(onVersion !== undefined && { base: { version: onVersion } }),
        ...(coalesce !== undefined && { coalesce }),
      })
      .then(
        ({ id }) => {
          this.#acknowledged(tab, intent, id)
        },
        (error: unknown) => {
          this.#expected(error)
        },
      )
  }

  /** A last effort once everything works: whatever needs a person is tried again, or taken back. */
  async settleAll(outbox: Outbox, way: 'retry' | 'discard'): Promise<void> {
    for (const state of ['dead', 'conflicted'] as const) {
      for (const { id, isCancel } of await outbox.entries({ state, limit: 500 })) {
        const act = state === 'dead' && (way === 'retry' || isCancel) ? outbox.retry(id) : outbox.discard(id)
        await act.catch((error: unknown) => {
          this.#expected(error)
        })
      }
    }
  }

  /** Tells the outbox again what it has not confirmed, under the same id: a form that was sent twice. */
  #again(tab: Tab, outbox: Outbox): void {
    const own = this.#unsure.filter(
      ({ tenantAndUser, askedIn, definition }) =>
        tenantAndUser === tab.session &&
        askedIn?.context.isDead !== false &&
        definitionsOf(tab.release).includes(definition),
    )
    for (const unsure of own.slice(0, 3)) this.#tell(tab, outbox, unsure)
  }

  #tell(tab: Tab, outbox: Outbox, unsure: Unsure): void {
    const { id, wish, definition, intent } = unsure
    this.operationCount += 1
    unsure.askedIn = tab
    const { onVersion } = wish
    outbox.enqueue(definition, wish, { id, ...(onVersion !== undefined && { base: { version: onVersion } }) }).then(
      () => {
        unsure.askedIn = undefined
        this.#acknowledged(tab, intent, id)
        const index = this.#unsure.indexOf(unsure)
        // Some send a confirmed form again all the same.
        if (index >= 0 && this.#host.random.chance(0.8)) this.#unsure.splice(index, 1)
      },
      (error: unknown) => {
        unsure.askedIn = undefined
        this.#expected(error)
      },
    )
  }

  #acknowledged(tab: Tab, intent: Intent, id: OperationId): void {
    this.#lastIds.set(tab.session, id)
    this.#host.witness.acknowledge(intent, id, tab, tab.queue)
  }

  /** Reads what a page would show, and compares what it says of one entry with the server. */
  #look(tab: Tab, outbox: Outbox): void {
    const id = this.#lastIds.get(tab.session)
    if (id === undefined) return
    outbox.entry(id).then(
      (entry) => {
        if (entry?.state.kind === 'applied' && !this.#host.server.hasTakenEffect(tab.session.tenant, id)) {
          this.#host.journal.violate('I12', `${id} is shown as applied and is not`)
        }
      },
      (error: unknown) => {
        this.#expected(error)
      },
    )
  }

  #expect(work: Promise<unknown>): void {
    work.then(
      () => {},
      (error: unknown) => {
        this.#expected(error)
      },
    )
  }

  #expected(error: unknown): void {
    if (!expectedCodes.has(codeOf(error))) this.#host.journal.violate('I13', `an unexpected error: ${String(error)}`)
  }
}
