/** Removing what somebody else has left sealed on this device: an act of its own, which names how much is lost. */
import type { RegisteredIdentity } from '@holdfast/client'
import { useState, type ReactElement } from 'react'
import { Dialog } from '../shell/dialog.tsx'
import { signInWords } from '../words/words.ts'
import type { Desk } from './desk.ts'

/** A button that asks before it removes the sealed entries of one person. */
export function RemoveSealed({
  desk,
  identity,
  describedBy,
}: {
  readonly desk: Desk
  readonly identity: RegisteredIdentity
  /** The element that says whose entries these are and how many: buttons of several rows read alike. */
  readonly describedBy: string
}): ReactElement {
  const [isAsking, setAsking] = useState(false)
  return (
    <>
      <button
        type="button"
        className="button plain"
        onClick={() => setAsking(true)}
        aria-describedby={describedBy}
        data-testid="remove-sealed"
      >
        {signInWords.remove}
      </button>
      {isAsking && <RemoveDialog desk={desk} identity={identity} onClose={() => setAsking(false)} />}
    </>
  )
}

function RemoveDialog({
  desk,
  identity,
  onClose,
}: {
  readonly desk: Desk
  readonly identity: RegisteredIdentity
  readonly onClose: () => void
}): ReactElement {
  const [agreedTo, setAgreedTo] = useState<number>()
  const [isBusy, setBusy] = useState(false)
  const [fault, setFault] = useState('')
  const isAgreed = agreedTo === identity.pending

  const remove = async () => {
    if (isBusy || !isAgreed) return
    setBusy(true)
    setFault('')
    const answer = await desk.removeSealed(identity).catch(() => undefined)
    if (answer?.kind === 'removed') return onClose()
    setBusy(false)
    setAgreedTo(undefined)
    setFault(answer === undefined ? signInWords.removeFailed : signInWords.removeOtherCount)
  }

  return (
    <Dialog title={signInWords.removeTitle(identity.pending)} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void remove()
        }}
      >
        <p>{signInWords.removeHow(identity.pending)}</p>
        <label className="check">
          <input
            type="checkbox"
            checked={isAgreed}
            onChange={(event) => setAgreedTo(event.target.checked ? identity.pending : undefined)}
          />
          <span>{signInWords.removeConfirm(identity.pending)}</span>
        </label>
        <p className="fault" role="alert">
          {fault}
        </p>
        <div className="acts end">
          <button type="button" className="button" onClick={onClose}>
            {signInWords.keepThem}
          </button>
          <button
            type="submit"
            className="button solid danger"
            aria-disabled={isBusy || !isAgreed}
            data-testid="confirm-remove"
          >
            {signInWords.remove}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
