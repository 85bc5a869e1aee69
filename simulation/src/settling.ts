/** What a person does with entries that need one, and with others on a whim: retry, edit, discard, skip, undo. */
import { isRecord, type Base, type Json } from '@holdfast/core'
import type { EntryView, Outbox } from '@holdfast/client'
import { inRelease } from './domain.ts'
import type { Journal } from './journal.ts'
import type { SimRandom } from './random.ts'
import type { Tab } from './sim-device.ts'
import type { Witness } from './witness.ts'

/** What a person needs to settle entries. */
export interface SettlingHost {
  readonly random: SimRandom
  readonly witness: Witness
  readonly journal: Journal
}

/** Settles some of what needs a person; of the others it takes back or changes one now and then. */
export async function settleSome(tab: Tab, outbox: Outbox, host: SettlingHost): Promise<void> {
  const { random } = host
  for (const entry of (await outbox.entries({ state: 'dead', limit: 10 })).slice(0, 2)) {
    await settleDead(tab, outbox, entry, host)
  }
  for (const entry of (await outbox.entries({ state: 'conflicted', limit: 10 })).slice(0, 2)) {
    const dice = random.fraction()
    if (dice < 0.1) await skip(outbox, entry, host)
    else if (dice < 0.5) await resolve(tab, outbox, entry)
    else await discard(tab, outbox, entry, host)
  }
  const other = random.chance(0.6) ? random.pick(await outbox.entries({ limit: 20 })) : undefined
  if (other !== undefined && !other.isCancel) {
    if (random.chance(0.5)) await discard(tab, outbox, other, host)
    else await outbox.edit(other.id, inRelease(tab.release, other.type, amended(other.payload, random)))
  }
  const taken = random.chance(0.4) ? await outbox.entries({ state: 'discarded', limit: 20 }) : []
  const back = random.pick(taken.filter(({ canUndo }) => canUndo))
  if (back === undefined) return
  // While it was taken back, others may have gone ahead.
  host.witness.loseOrder(back.id)
  await outbox.undo(back.id)
}

async function settleDead(tab: Tab, outbox: Outbox, entry: EntryView, host: SettlingHost): Promise<void> {
  const { random, journal } = host
  const dice = random.fraction()
  if (entry.isCancel || dice < 0.5) {
    // Some press twice: the second one comes too late, or does the same.
    const presses = random.chance(0.2) ? 2 : 1
    if (presses > 1) journal.fault('retried-twice')
    await Promise.all(Array.from({ length: presses }, () => outbox.retry(entry.id)))
  } else if (dice < 0.6) await skip(outbox, entry, host)
  else if (dice < 0.8) await outbox.edit(entry.id, inRelease(tab.release, entry.type, amended(entry.payload, random)))
  else await discard(tab, outbox, entry, host)
}

/** Takes an entry back; what a person was told of that must be true whatever happens. */
async function discard({ queue }: Tab, outbox: Outbox, { id }: EntryView, { witness }: SettlingHost): Promise<void> {
  await outbox.discard(id, { reason: 'changed my mind' })
  witness.noteDiscarded(id, queue)
}

async function skip(outbox: Outbox, { id }: EntryView, { witness }: SettlingHost): Promise<void> {
  witness.loseOrder(id)
  await outbox.skip(id)
}

/** Puts the change on top of what is there now. */
async function resolve({ release }: Tab, outbox: Outbox, { id, type, payload, state }: EntryView): Promise<void> {
  const version = state.kind === 'conflicted' ? state.conflict.version : undefined
  const base: Base | undefined = version === undefined ? undefined : { version }
  const told = isRecord(payload) && version !== undefined ? { ...payload, onVersion: version } : payload
  await outbox.edit(id, inRelease(release, type, told), base === undefined ? {} : { base })
}

/** The same wish, perhaps without what the server refused. */
function amended(payload: Json | undefined, random: SimRandom): unknown {
  if (!isRecord(payload) || random.chance(0.5)) return payload
  const { refusedBeforeMs: _, ...rest } = payload
  return rest
}
