/** Signing out while something is not on the server yet: keep it sealed, send it first, or discard it. */
import type { Outbox } from '@holdfast/client'
import type { OperationId } from '@holdfast/core'
import { useOutbox, useSyncStatus } from '@holdfast/react'
import { useState, type ReactElement } from 'react'
import { useDesk } from '../session/desk-context.tsx'
import { Dialog } from '../shell/dialog.tsx'
import { settingsWords } from '../words/words.ts'

type Choice = 'keep' | 'send' | 'discard'

/** Shows the question. The safe choice is chosen. */
export function SignOutDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const { desk } = useDesk()
  const outbox = useOutbox()
  const open = useSyncStatus((status) => status.pending + status.needsYou) ?? 0
  const [choice, setChoice] = useState<Choice>('keep')
  const [isSure, setSure] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [fault, setFault] = useState('')

  const signOut = async () => {
    if (outbox === undefined || isBusy || (choice === 'discard' && !isSure)) return
    setBusy(true)
    setFault('')
    const obstacle = choice === 'send' ? await sendAll(outbox) : choice === 'discard' ? await discardAll(outbox) : ''
    setBusy(false)
    if (obstacle === '') await desk.leave()
    else setFault(obstacle)
  }

  const option = (value: Choice, name: string, about: string) => (
    <label className="option" data-chosen={choice === value}>
      <input type="radio" name="sign-out" checked={choice === value} onChange={() => setChoice(value)} />
      <span>
        <strong>{name}</strong>
        <span className="quiet block">{about}</span>
      </span>
    </label>
  )

  return (
    <Dialog title={settingsWords.signOutWith(open)} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void signOut()
        }}
      >
        <fieldset className="options">
          <legend className="unseen">{settingsWords.signOut}</legend>
          {option('keep', settingsWords.keepSealed, settingsWords.keepSealedHow)}
          {option('send', settingsWords.sendFirst, settingsWords.sendFirstHow)}
          {option('discard', settingsWords.discardAll(open), settingsWords.discardAllHow)}
        </fieldset>
        {choice === 'discard' && (
          <label className="check">
            <input type="checkbox" checked={isSure} onChange={(event) => setSure(event.target.checked)} />
            <span>{settingsWords.discardConfirm(open)}</span>
          </label>
        )}
        <p className="fault" role="alert">
          {fault}
        </p>
        <div className="acts end">
          <button type="button" className="button" onClick={onClose}>
            {settingsWords.stay}
          </button>
          <button
            type="submit"
            className={`button solid ${choice === 'discard' ? 'danger' : 'primary'}`}
            aria-disabled={isBusy || (choice === 'discard' && !isSure)}
            data-testid="confirm-sign-out"
          >
            {settingsWords.signOut}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

/** Sends everything; answers what is in the way of signing out, or nothing. */
async function sendAll(outbox: Outbox): Promise<string> {
  await outbox.drain().catch(() => undefined)
  const left = await liveCount(outbox)
  return left === 0 ? '' : settingsWords.notAllSent(left)
}

async function discardAll(outbox: Outbox): Promise<string> {
  try {
    for (const id of await writtenIds(outbox)) await outbox.discard(id)
    await outbox.drain().catch(() => undefined)
    return ''
  } catch {
    return settingsWords.signOutFailed
  }
}

const pageMax = 500

/** All that a person wrote. Read to the end before anything is discarded, which moves what a page continues after. */
async function writtenIds(outbox: Outbox): Promise<readonly OperationId[]> {
  const ids: OperationId[] = []
  let page = await outbox.entries({ limit: pageMax })
  for (;;) {
    ids.push(...page.filter(({ isCancel }) => !isCancel).map(({ id }) => id))
    const after = page.at(-1)
    if (after === undefined || page.length < pageMax) return ids
    page = await outbox.entries({ limit: pageMax, after })
  }
}

async function liveCount(outbox: Outbox): Promise<number> {
  return (await outbox.entries({ limit: pageMax })).length
}
