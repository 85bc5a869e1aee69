/** What people can do with an entry: buttons, and the question before what cannot be undone. */
import type { EntryView } from '@holdfast/client'
import type { OperationId } from '@holdfast/core'
import { useOutbox } from '@holdfast/react'
import { useId, useState, type ReactElement } from 'react'
import { useLocation } from 'wouter'
import { loadNewest } from '../shell/register-worker.ts'
import { useAnnouncing } from '../shell/announcing.tsx'
import { Dialog } from '../shell/dialog.tsx'
import { actNames, type Act, type EntryLabel } from '../words/entry-label.ts'
import { syncWords } from '../words/words.ts'

/** What the buttons are about. */
export interface EntryActsProps {
  readonly entry: EntryView
  readonly label: EntryLabel
  /** What people call it: "Order A3F2". */
  readonly name: string
  /** Acts that this place does not offer. */
  readonly without?: readonly Act[]
  /** After an act the row may be gone: where the focus goes then. A try under a new id is told as well. */
  readonly onDone: (next?: OperationId) => void
}

const reasonMax = 200

/** Shows the acts of an entry. */
export function EntryActs({ entry, label, name, without = [], onDone }: EntryActsProps): ReactElement | null {
  const outbox = useOutbox()
  const [, navigate] = useLocation()
  const { announce } = useAnnouncing()
  const [isAsking, setAsking] = useState(false)
  const [fault, setFault] = useState('')
  const acts = label.acts.filter((kind) => !without.includes(kind))
  if (acts.length === 0 || outbox === undefined) return null

  const act = async (work: () => Promise<Pick<EntryView, 'id'> | undefined>) => {
    setFault('')
    try {
      onDone((await work())?.id)
    } catch {
      setFault(syncWords.actFailed)
      announce(syncWords.actFailed)
    }
  }
  const run: Record<Act, () => void> = {
    'try-now': () => void act(() => outbox.retry(entry.id)),
    'try-again': () => void act(() => outbox.retry(entry.id)),
    edit: () => navigate(`/sync/${encodeURIComponent(entry.id)}/edit`),
    'go-on': () => void act(() => outbox.skip(entry.id)),
    discard: () => setAsking(true),
    restore: () => void act(() => outbox.undo(entry.id)),
    'sign-in': () => navigate('/sign-in'),
    'send-now': () => void act(() => outbox.drain({ types: [entry.type] }).then(() => undefined)),
    update: () => void loadNewest(),
  }
  return (
    <div className="acts">
      {acts.map((kind) => (
        <button
          key={kind}
          type="button"
          className={`button ${kind === 'discard' ? 'danger' : ''}`}
          aria-label={`${actNames[kind]}: ${name}`}
          onClick={run[kind]}
          data-testid={`act-${kind}`}
        >
          {actNames[kind]}
        </button>
      ))}
      {fault !== '' && <p className="fault">{fault}</p>}
      {isAsking && (
        <DiscardDialog
          name={name}
          onClose={() => setAsking(false)}
          onDiscard={(reason) => {
            setAsking(false)
            void act(() => outbox.discard(entry.id, reason === '' ? {} : { reason }).then(() => undefined))
          }}
        />
      )}
    </div>
  )
}

function DiscardDialog({
  name,
  onClose,
  onDiscard,
}: {
  readonly name: string
  readonly onClose: () => void
  readonly onDiscard: (reason: string) => void
}): ReactElement {
  const [reason, setReason] = useState('')
  const reasonId = useId()
  return (
    <Dialog title={syncWords.discardTitle(name)} onClose={onClose}>
      <p>{syncWords.discardHow}</p>
      <label className="field" htmlFor={reasonId}>
        <span>{syncWords.reason}</span>
      </label>
      <input id={reasonId} value={reason} maxLength={reasonMax} onChange={(event) => setReason(event.target.value)} />
      <div className="acts end">
        <button type="button" className="button" onClick={onClose}>
          {syncWords.keep}
        </button>
        <button
          type="button"
          className="button danger solid"
          onClick={() => onDiscard(reason.trim())}
          data-testid="confirm-discard"
        >
          {syncWords.discard(name)}
        </button>
      </div>
    </Dialog>
  )
}
