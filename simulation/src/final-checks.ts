/** What only shows at the end, when everything has healed: nothing lost, nothing doubled, everything in order. */
import { type OperationId } from '@holdfast/core'
import { idOf, type LiveEntry, type StoredEntry } from '../../packages/client/src/store/store.ts'
import type { MemoryDisk } from '../../packages/client/src/store/memory-store.ts'
import { effectsOf } from './domain.ts'
import type { Journal } from './journal.ts'
import type { ServerModel } from './server-model.ts'
import { findOn, liveOf } from './sim-disk.ts'
import type { SimDevice } from './sim-device.ts'
import { laneKey, nameOf, type Intent, type Witness } from './witness.ts'

/** What is looked at in the end. */
export interface FinalCheck {
  readonly devices: readonly SimDevice[]
  readonly server: ServerModel
  readonly witness: Witness
  readonly journal: Journal
}

/** Where an effect happened. */
interface Happened {
  readonly tenant: string
  readonly thing: string
}

/** Looks at everything that is left. */
export function checkFinally(check: FinalCheck): void {
  const happened = collectEffects(check)
  for (const intent of check.witness.intents.values()) checkIntent(check, intent, happened.get(intent.token) ?? [])
  checkOwners(check)
  checkConflicts(check)
}

function collectEffects({ server, witness, journal }: FinalCheck): ReadonlyMap<number, readonly Happened[]> {
  const happened = new Map<number, Happened[]>()
  for (const [tenant, { entities }] of server.tenants) {
    for (const [key, { state }] of entities) {
      const thing = key.slice(key.indexOf('\u0000') + 1)
      const orders = new Map<string, number[]>()
      for (const effect of effectsOf(state)) {
        const { token } = effect
        const intent = witness.intents.get(token)
        const { parent } = intent ?? {}
        const isHeir = parent !== undefined && witness.heirs.get(parent)?.has(effect['parent'] ?? parent) === true
        if (effect['parent'] !== undefined && effect['parent'] !== parent && !isHeir) {
          journal.violate('I2', `${token} was given the mark of ${effect['parent']} and comes after ${intent?.parent}`)
        }
        if (intent === undefined || intent.session.tenant !== tenant) {
          journal.violate('I4', `${token} took effect in ${tenant}, to which it does not belong`)
          continue
        }
        const list = happened.get(token) ?? []
        list.push({ tenant, thing })
        happened.set(token, list)
        if (intent.isSkipping || intent.isCopied || intent.isLost) continue
        const lane = laneKey(intent.device, intent.session, intent.lane)
        const order = orders.get(lane) ?? []
        order.push(witness.stored.get(lane)?.indexOf(token) ?? -1)
        orders.set(lane, order)
      }
      for (const [lane, order] of orders) {
        if (order.some((place, index) => index > 0 && place < (order[index - 1] ?? 0))) {
          const tokens = order.map((place) => witness.stored.get(lane)?.[place] ?? '?')
          journal.violate('I3', `${lane}: took effect in the order ${tokens.join(' ')}`)
        }
      }
    }
  }
  return happened
}

function checkIntent(
  { devices, server, witness, journal }: FinalCheck,
  intent: Intent,
  happened: readonly Happened[],
): void {
  const { token, acknowledgedId, session, ids } = intent
  if (happened.length > 1) journal.violate('I2', `${token} took effect ${happened.length} times`)
  if (acknowledgedId === undefined || intent.isLost) return
  const device = devices.find(({ name }) => name === intent.device)
  const disk = device?.queueOf(session).disk.live
  if (disk === undefined) return
  const last = followed(disk, acknowledgedId)
  const name = `${token} of ${nameOf(session)}`
  if (last === undefined) {
    // Results are forgotten after the retention time: then the ledger has the last word.
    const isSettled = ids.some((id) => server.tenants.get(session.tenant)?.ledger.has(id) === true)
    if (!isSettled) journal.violate('I1', `${name} was acknowledged and is gone`)
    return
  }
  const { state } = last
  const lastToken = witness.tokenOfId.get(idOf(last)) ?? token
  // By the order of the queue: of two tabs, the one that asked first may come to the disk last.
  const order = witness.stored.get(laneKey(intent.device, session, intent.lane)) ?? []
  if (order.indexOf(lastToken) < order.indexOf(token)) {
    journal.violate('I1', `${name} gave way to ${lastToken}, which is older`)
  }
  // A newer one has absorbed it: whether it had taken effect before is for the server to know.
  if (lastToken !== token) return
  // Put back by a backup and retried, it is answered with the outcome of the newer one that had absorbed it.
  const hasEffect = happened.length > 0 || witness.heirs.has(token)
  if (state.kind === 'applied' && !hasEffect) journal.violate('I1', `${name} is applied without an effect`)
  if (intent.isCopied) return
  const isOver = state.kind === 'conflicted' || (state.kind === 'discarded' && state.isCertain)
  // One of those whose place another one took may have been applied after all, and says so.
  const isTold = ids.some((id) => findOn(disk, id)?.state.kind === 'applied')
  if (isOver && !isTold && happened.length > 0) journal.violate('I12', `${name} is ${state.kind} and has taken effect`)
}

/** An entry, or the one that took its place. */
function followed(disk: MemoryDisk, id: OperationId): StoredEntry | undefined {
  let entry = findOn(disk, id)
  for (
    let steps = 0;
    steps < 100 && entry?.state.kind === 'discarded' && entry.state.cause === 'superseded';
    steps += 1
  ) {
    const next = findOn(disk, entry.state.by)
    if (next === undefined) return entry
    entry = next
  }
  return entry
}

/** Entries that should have gone and have not: they wait for nobody who is dead or in conflict. */
export function stuckOf(disk: MemoryDisk): readonly LiveEntry[] {
  const live = liveOf(disk)
  const excused = new Set<OperationId>()
  for (const { operation, state } of live) {
    if (state.kind === 'dead' || state.kind === 'conflicted') excused.add(operation.id)
  }
  for (let size = -1; size !== excused.size;) {
    size = excused.size
    for (const entry of live) {
      const { operation } = entry
      const isBehind = live.some(
        (other) =>
          excused.has(other.operation.id) &&
          other.operation.lane === operation.lane &&
          (other.onDead === 'block' || other.state.kind === 'waiting' || other.state.kind === 'queued') &&
          isBefore(other, entry),
      )
      const needs = (operation.after ?? []).some((parent) => excused.has(carrierOf(disk, parent)))
      if (isBehind || needs) excused.add(operation.id)
    }
  }
  return live.filter(({ operation }) => !excused.has(operation.id))
}

/** The entry that decides what becomes of an operation: itself, what took its place, or the news of its discard. */
function carrierOf(disk: MemoryDisk, id: OperationId): OperationId {
  let carrier = id
  for (let steps = 0; steps < 100; steps += 1) {
    const state = disk.settled.get(carrier)?.state
    if (state?.kind !== 'discarded' || (state.cause === 'person' && state.isCertain)) return carrier
    carrier = state.by
  }
  return carrier
}

function isBefore({ position: left }: LiveEntry, { position: right }: LiveEntry): boolean {
  return left.segment !== right.segment ? left.segment < right.segment : left.index < right.index
}

/** The ledger's rows belong to who made the operations. */
function checkOwners({ server, witness, journal }: FinalCheck): void {
  for (const [tenant, { ledger }] of server.tenants) {
    for (const [id, { user }] of ledger) {
      const token = witness.tokenOfId.get(id)
      const maker = token === undefined ? undefined : witness.intents.get(token)?.session
      if (maker === undefined) continue
      if (maker.tenant !== tenant)
        journal.violate('I4', `${token} of ${nameOf(maker)} stands in the ledger of ${tenant}`)
      else if (maker.user !== user) journal.violate('I5', `${token} of ${nameOf(maker)} was taken as ${user}'s`)
    }
  }
}

/** Where a change met a version that it was not made on, the side that lost can still be read. */
function checkConflicts({ server, witness, journal }: FinalCheck): void {
  for (const { entities, ledger, losingSides } of server.tenants.values()) {
    const overwritten = new Set(
      losingSides.flatMap(({ operation, side, version }) =>
        side === 'current' ? [`${witness.tokenOfId.get(operation)} ${version}`] : [],
      ),
    )
    for (const { state } of entities.values()) {
      for (const [index, { token, ['onVersion']: onVersion }] of effectsOf(state).entries()) {
        if (onVersion === undefined || onVersion === index || overwritten.has(`${token} ${index}`)) continue
        journal.violate('I9', `${token} was made on version ${onVersion} and took effect on ${index} without a word`)
      }
    }
    const kept = new Set(losingSides.map(({ operation }) => operation))
    for (const [id, { outcome }] of ledger) {
      if (outcome.outcome === 'conflict' && !kept.has(id))
        journal.violate('I9', `a side of the conflict of ${id} is gone`)
    }
  }
}
