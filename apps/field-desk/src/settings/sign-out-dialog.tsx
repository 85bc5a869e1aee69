/** Signing out while something is not on the server yet: keep it sealed, send it first, or discard it. */
import type { SignOutAnswer, SignOutChoice } from '@holdfast/client/sign-out'
import { useSyncStatus } from '@holdfast/react'
import { useState, type ReactElement } from 'react'
import { useDesk } from '../session/desk-context.tsx'
import { Dialog } from '../shell/dialog.tsx'
import { settingsWords } from '../words/words.ts'

type How = SignOutChoice['how']

/** How long sending may take before the person is asked again, ms. */
const sendWithinMs = 20_000

/** How long the server is told of what was discarded, ms. */
const tellWithinMs = 5000

/** Shows the question. The safe choice is chosen. */
export function SignOutDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const { desk } = useDesk()
  const open = useSyncStatus((status) => status.pending + status.needsYou) ?? 0
  const [how, setHow] = useState<How>('keep-sealed')
  /** The number of entries that the person has agreed to lose. */
  const [agreedTo, setAgreedTo] = useState<number>()
  const [isBusy, setBusy] = useState(false)
  const [fault, setFault] = useState('')
  const isAgreed = agreedTo === open

  const signOut = async () => {
    if (isBusy || (how === 'discard' && !isAgreed)) return
    setBusy(true)
    setFault('')
    const answer = await desk.leave(choiceOf(how, open)).catch(() => undefined)
    if (answer?.kind === 'signed-out') return
    setBusy(false)
    setAgreedTo(undefined)
    setFault(faultOf(answer))
  }

  const option = (value: How, name: string, about: string) => (
    <label className="option" data-chosen={how === value}>
      <input type="radio" name="sign-out" checked={how === value} onChange={() => setHow(value)} />
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
          {option('keep-sealed', settingsWords.keepSealed, settingsWords.keepSealedHow)}
          {option('flush-first', settingsWords.sendFirst, settingsWords.sendFirstHow)}
          {option('discard', settingsWords.discardAll(open), settingsWords.discardAllHow)}
        </fieldset>
        {how === 'discard' && (
          <label className="check">
            <input
              type="checkbox"
              checked={isAgreed}
              onChange={(event) => setAgreedTo(event.target.checked ? open : undefined)}
            />
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
            className={`button solid ${how === 'discard' ? 'danger' : 'primary'}`}
            aria-disabled={isBusy || (how === 'discard' && !isAgreed)}
            data-testid="confirm-sign-out"
          >
            {settingsWords.signOut}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function choiceOf(how: How, count: number): SignOutChoice {
  switch (how) {
    case 'keep-sealed':
      return { how }
    case 'flush-first':
      return { how, signal: AbortSignal.timeout(sendWithinMs) }
    case 'discard':
      return { how, count, signal: AbortSignal.timeout(tellWithinMs) }
  }
}

/** What is in the way of signing out. */
function faultOf(answer: Exclude<SignOutAnswer, { kind: 'signed-out' }> | undefined): string {
  switch (answer?.kind) {
    case 'not-sent':
      return settingsWords.notAllSent(answer.count)
    case 'other-count':
      return settingsWords.otherCount(answer.count)
    case undefined:
      return settingsWords.signOutFailed
  }
}
