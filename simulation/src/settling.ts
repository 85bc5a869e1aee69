/** What a person does with entries that need one, and with others on a whim: retry, edit, discard, skip, undo. */
import { isRecord, type Base, type Json } from '@holdfast/core'
import type { EntryView, Outbox } from '@holdfast/client'
import type { SimRandom } from './random.ts'
import type { Witness } from './witness.ts'

/** What a person needs to settle entries. */
export interface SettlingHost {
  readonly random: SimRandom
  readonly witness: Witness
}

/** Settles some of what needs a person; of the others it takes back or changes one now and then. */
export async function settleSome(outbox: Outbox, host: SettlingHost): Promise<void> {
  const { random } = host
  for (const entry of (await outbox.entries({ state: 'dead', limit: 10 })).slice(0, 2)) {
    await settleDead(outbox, entry, host)
  }
  for (const entry of (await outbox.entries({ state: 'conflicted', limit: 10 })).slice(0, 2)) {
    const dice = random.fraction()
    if (dice < 0.1) await skip(outbox, entry, host)
    else if (dice < 0.5) await resolve(outbox, entry)
    else await outbox.discard(entry.id)
  }
  const other = random.chance(0.6) ? random.pick(await outbox.entries({ limit: 20 })) : undefined
  if (other !== undefined && !other.isCancel) {
    if (random.chance(0.5)) await outbox.discard(other.id, { reason: 'changed my mind' })
    else await outbox.edit(other.id, amended(other.payload, random))
  }
  const taken = random.chance(0.4) ? await outbox.entries({ state: 'discarded', limit: 20 }) : []
  const back = random.pick(taken.filter(({ canUndo }) => canUndo))
  if (back === undefined) return
  // While it was taken back, others may have gone ahead.
  host.witness.loseOrder(back.id)
  await outbox.undo(back.id)
}

async function settleDead(outbox: Outbox, entry: EntryView, host: SettlingHost): Promise<void> {
  const { random } = host
  const dice = random.fraction()
  if (entry.isCancel || dice < 0.5) await outbox.retry(entry.id)
  else if (dice < 0.6) await skip(outbox, entry, host)
  else if (dice < 0.8) await outbox.edit(entry.id, amended(entry.payload, random))
  else await outbox.discard(entry.id)
}

async function skip(outbox: Outbox, { id }: EntryView, { witness }: SettlingHost): Promise<void> {
  witness.loseOrder(id)
  await outbox.skip(id)
}

/** Puts the change on top of what is there now. */
async function resolve(outbox: Outbox, { id, payload, state }: EntryView): Promise<void> {
  const version = state.kind === 'conflicted' ? state.conflict.version : undefined
  const base: Base | undefined = version === undefined ? undefined : { version }
  const told = isRecord(payload) && version !== undefined ? { ...payload, onVersion: version } : payload
  await outbox.edit(id, told, base === undefined ? {} : { base })
}

/** The same wish, perhaps without what the server refused. */
function amended(payload: Json | undefined, random: SimRandom): unknown {
  if (!isRecord(payload) || random.chance(0.5)) return payload
  const { refusedBeforeMs: _, ...rest } = payload
  return rest
}
