/** Edit and resend: the form of what was refused, with the field that the server named; anything else as text. */
import type { EntryView } from '@holdfast/client'
import { parseOperationId, SyncError, type OperationId, type Problem } from '@holdfast/core'
import { useEntry, useOutbox } from '@holdfast/react'
import { ArrowLeft, TriangleAlert } from 'lucide-react'
import { useState, type ReactElement } from 'react'
import { Link, useLocation } from 'wouter'
import { Page } from '../shell/page.tsx'
import { editWords } from '../words/center-words.ts'
import { EditText } from './edit-text.tsx'
import { editableOrder } from './edit-order.ts'
import { EditOrder } from './edit-order-form.tsx'
import { entryName } from './entry-name.ts'

/** Shows the page of the entry that the address names. */
export function EditPage({ id }: { readonly id: string }): ReactElement | null {
  const parsed = parseOperationId(id)
  return parsed === undefined ? <NotEditable id={id} /> : <KnownEntry id={parsed} />
}

function KnownEntry({ id }: { readonly id: OperationId }): ReactElement | null {
  const { entry, isLoading } = useEntry(id)
  if (isLoading) return null
  const isDead = entry?.state.kind === 'dead' && !entry.isCancel
  return entry === undefined || !isDead ? <NotEditable id={id} /> : <Editing entry={entry} />
}

function NotEditable({ id }: { readonly id: string }): ReactElement {
  return (
    <Page title={editWords.title('')} lead={editWords.gone}>
      <BackLink id={id} />
    </Page>
  )
}

function BackLink({ id }: { readonly id: string }): ReactElement {
  return (
    <Link className="button plain back" href={`/sync/${encodeURIComponent(id)}`}>
      <ArrowLeft aria-hidden size={18} /> {editWords.back}
    </Link>
  )
}

function Editing({ entry }: { readonly entry: EntryView }): ReactElement {
  const outbox = useOutbox()
  const [, navigate] = useLocation()
  const [fault, setFault] = useState('')
  const [isSaving, setSaving] = useState(false)
  const order = editableOrder(entry.type, entry.payload)
  const problem = problemOf(entry)
  const resend = async (payload: unknown) => {
    if (outbox === undefined || isSaving) return
    setSaving(true)
    setFault('')
    try {
      const edited = await outbox.edit(entry.id, payload)
      navigate(`/sync/${encodeURIComponent(edited.id)}`)
    } catch (error) {
      setFault(faultOf(error))
      setSaving(false)
    }
  }
  return (
    <Page title={editWords.title(entryName(entry))} lead={editWords.lead} className="edit-page">
      <BackLink id={entry.id} />
      {problem?.detail !== undefined && (
        <div className="not-saved" role="note" aria-label={editWords.refused}>
          <TriangleAlert aria-hidden size={20} />
          <p>{problem.detail}</p>
        </div>
      )}
      {order !== undefined && (
        <EditOrder order={order} problem={problem} isSaving={isSaving} onResend={(payload) => void resend(payload)} />
      )}
      <EditText
        payload={entry.payload}
        isOpen={order === undefined}
        isSaving={isSaving}
        onResend={(payload) => void resend(payload)}
      />
      {fault !== '' && (
        <p className="fault" role="alert" data-testid="edit-fault">
          {fault}
        </p>
      )}
    </Page>
  )
}

function problemOf({ state }: EntryView): Problem | undefined {
  return state.kind === 'dead' && 'problem' in state.reason ? state.reason.problem : undefined
}

function faultOf(error: unknown): string {
  const code = error instanceof SyncError ? error.code : undefined
  if (error instanceof SyncError && (code === 'invalid-payload' || code === 'too-large'))
    return editWords.wrong(error.message)
  return code === 'illegal-act' || code === 'unknown-entry' ? editWords.gone : editWords.notSaved
}
