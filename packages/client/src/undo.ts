/**
 * Undo: takes a discard or an edit back. What was taken back goes under a new id, because the old one may be known to
 * the server by now; it stands where it stood.
 *
 *   discarded, not answered ──▶ takes the place of the news, which is then never sent again
 *   discarded for certain ────▶ takes its own old place: it goes out before what is still queued behind it
 *   edited, edit not applied ─▶ takes the place of the edit
 *   applied, or its body not kept any more ──▶ refused: `illegal-act`
 *
 * An edit that was taken back can be put back in the same way. Whatever arrives at the server late, one of the versions is applied, or none.
 */
import { linksOf, problemCodeOf, type Operation, type OperationId } from '@holdfast/core'
import { carryOut, illegal, storedEntry, type Act, type ActGround } from './act.ts'
import { newId } from './new-id.ts'
import { contentOf, linksOver, linksTo, placeholdersOf, type Links } from './replacement.ts'
import { isLive, type KeptBody, type LiveEntry, type UpdateReport } from './store/store.ts'

/** Puts back what a person has discarded or edited. The report of the replacement is the last one. */
export async function undoAct(ground: ActGround, id: OperationId): Promise<readonly UpdateReport[]> {
  const { store, environment } = ground
  const entry = await storedEntry(store, id)
  if (isLive(entry) || entry.state.kind !== 'discarded') throw illegal(entry, 'undo', 'nothing of it was taken back')
  const { kept, state } = entry
  if (kept === undefined) throw illegal(entry, 'undo', 'its content is not kept any more')
  const by = newId(environment)
  const carrier = await store.find(state.by)
  const undo: Act = { entry, event: { kind: 'undo', by }, keepsBody: false }
  if (carrier !== undefined && isLive(carrier)) {
    const replacement = restored(by, kept, linksBeyond(carrier))
    const keepsBody = carrier.operation.cancel === undefined
    return carryOut(ground, [
      undo,
      { entry: carrier, event: { kind: 'supersede', by }, replacement, isInLine: true, keepsBody },
    ])
  }
  if (state.cause === 'superseded') throw illegal(entry, 'undo', `${state.by} stands in its place and is settled`)
  if (!state.isCertain) throw illegal(entry, 'undo', 'the answer to its discard is being written')
  // What it was itself to replace may have been applied after all, whatever became of it: then nothing more may be.
  const own = problemCodeOf(kept.attempts.at(-1)?.problem) === 'id-reused' ? [] : [entry.id]
  const links = linksOver([...own, ...placeholdersOf(kept.operation)])
  return carryOut(ground, [{ ...undo, replacement: restored(by, kept, links), isInLine: true }])
}

/** The links of what takes the place of an edit, or of the news of a discard. */
function linksBeyond(carrier: LiveEntry): Links {
  // The news itself is not named: had the server taken note of it, it would be taken for what has been applied.
  return carrier.operation.cancel === undefined ? linksTo(carrier) : linksOver(linksOf(carrier.operation))
}

function restored(id: OperationId, { operation }: KeptBody, links: Links): Operation {
  return { ...contentOf(operation), id, ...links }
}
