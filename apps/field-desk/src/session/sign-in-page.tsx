/** Signing in: alone on the screen when nobody works here, and as a page when a person's session is over. */
import type { RegisteredIdentity } from '@holdfast/client'
import { useOutbox, useSyncStatus } from '@holdfast/react'
import { useEffect, useId, useRef, useState, type FormEvent, type ReactElement, type ReactNode } from 'react'
import { Eye, EyeOff } from 'lucide-react'
import { useLocation } from 'wouter'
import { Brand } from '../shell/brand.tsx'
import { useNow } from '../shell/steady.ts'
import { clockTime } from '../words/time.ts'
import { shellWords, signInWords } from '../words/words.ts'
import { useDesk } from './desk-context.tsx'
import type { Desk } from './desk.ts'
import { personKey } from './identity.ts'
import { RemoveSealed } from './remove-sealed.tsx'
import type { SignInAnswer } from './session-client.ts'

/** The sign-in when nobody works here. */
export function SignedOutPage({
  desk,
  sealed,
  unconfirmed,
}: {
  readonly desk: Desk
  readonly sealed: readonly RegisteredIdentity[]
  readonly unconfirmed: number
}): ReactElement {
  useEffect(() => {
    document.title = shellWords.title(signInWords.title, 0)
  }, [])
  return (
    <SignInFrame>
      <SignInForm desk={desk} onSignedIn={() => undefined} />
      {unconfirmed > 0 && (
        <p className="note" data-testid="unconfirmed">
          {signInWords.unconfirmed(unconfirmed)}
        </p>
      )}
      <SealedNote sealed={sealed} />
      <SealedList desk={desk} sealed={sealed} />
    </SignInFrame>
  )
}

/** The sign-in of a person whose session is over: they, or somebody else. */
export function SignInAgainPage(): ReactElement {
  const { desk, identity } = useDesk()
  const outbox = useOutbox()
  const pending = useSyncStatus((status) => status.pending + status.needsYou) ?? 0
  const [sealed, setSealed] = useState<readonly RegisteredIdentity[]>([])
  const [, navigate] = useLocation()
  useEffect(() => {
    document.title = shellWords.title(signInWords.title, 0)
  }, [])
  useEffect(() => {
    let isGone = false
    outbox?.sealed().then(
      (others) => {
        if (!isGone) setSealed(others.filter((other) => other.pending > 0))
      },
      () => undefined,
    )
    return () => {
      isGone = true
    }
  }, [outbox])
  return (
    <SignInFrame>
      {pending > 0 && <p className="note">{signInWords.sealed(pending, identity.name)}</p>}
      <SignInForm desk={desk} onSignedIn={() => navigate('/')} />
      <button type="button" className="button plain" onClick={() => navigate('/')} data-testid="continue">
        {signInWords.goOn(identity.name)} <span className="quiet">{signInWords.goOnHow}</span>
      </button>
      <SealedNote sealed={sealed} />
    </SignInFrame>
  )
}

function SignInFrame({ children }: { readonly children: ReactNode }): ReactElement {
  return (
    <main className="lonely sign-in">
      <Brand />
      <h1>{signInWords.title}</h1>
      <p className="lead">{signInWords.lead}</p>
      {children}
      <p className="quiet">{signInWords.demo}</p>
    </main>
  )
}

function SealedNote({ sealed }: { readonly sealed: readonly RegisteredIdentity[] }): ReactElement | null {
  const pending = sealed.reduce((sum, other) => sum + other.pending, 0)
  if (pending === 0) return null
  return (
    <p className="note" data-testid="sealed">
      {signInWords.sealedOther(pending)}
    </p>
  )
}

/** What others have left, one row for each of them: their names are nobody else's business, so it says when they were here. */
function SealedList({
  desk,
  sealed,
}: {
  readonly desk: Desk
  readonly sealed: readonly RegisteredIdentity[]
}): ReactElement | null {
  const nowMs = useNow(60_000)
  const base = useId()
  if (sealed.length === 0) return null
  return (
    <ul className="sealed-list" aria-label={signInWords.sealedList}>
      {sealed.map((identity, index) => (
        <li key={personKey(identity)}>
          <span id={`${base}${index}`}>
            {signInWords.sealedRow(identity.pending, clockTime(identity.usedAtMs, nowMs))}
          </span>
          <RemoveSealed desk={desk} identity={identity} describedBy={`${base}${index}`} />
        </li>
      ))}
    </ul>
  )
}

function SignInForm({ desk, onSignedIn }: { readonly desk: Desk; readonly onSignedIn: () => void }): ReactElement {
  const [isBusy, setBusy] = useState(false)
  const [isShown, setShown] = useState(false)
  const [fault, setFault] = useState('')
  const password = useRef<HTMLInputElement>(null)

  const submit = async (form: HTMLFormElement) => {
    const fields = new FormData(form)
    setBusy(true)
    setFault('')
    const answer = await desk.signIn(textOf(fields, 'email'), textOf(fields, 'password'))
    if (answer.kind === 'signed-in') return onSignedIn()
    setBusy(false)
    setFault(faultOf(answer))
    password.current?.focus()
  }

  return (
    <form
      className="card form"
      onSubmit={(event: FormEvent<HTMLFormElement>) => {
        event.preventDefault()
        if (!isBusy) void submit(event.currentTarget)
      }}
    >
      <label className="field">
        <span>{signInWords.email}</span>
        <input name="email" type="email" autoComplete="username" inputMode="email" required maxLength={200} />
      </label>
      <label className="field" htmlFor="password">
        <span>{signInWords.password}</span>
      </label>
      <div className="with-button">
        <input
          ref={password}
          id="password"
          name="password"
          type={isShown ? 'text' : 'password'}
          autoComplete="current-password"
          required
          maxLength={200}
          aria-describedby="sign-in-fault"
        />
        <button type="button" className="button" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
          {isShown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
          {isShown ? signInWords.hide : signInWords.show}
        </button>
      </div>
      <p id="sign-in-fault" className="fault" role="alert">
        {fault}
      </p>
      <button type="submit" className="button primary wide" aria-disabled={isBusy}>
        {isBusy ? signInWords.signingIn : signInWords.submit}
      </button>
    </form>
  )
}

function faultOf(answer: Exclude<SignInAnswer, { kind: 'signed-in' }>): string {
  switch (answer.kind) {
    case 'wrong':
      return signInWords.wrong
    case 'limited':
      return signInWords.limited(Math.ceil(answer.retryAfterMs / 1000))
    case 'unreachable':
      return signInWords.unreachable
    case 'refused':
      return signInWords.refused
  }
}

function textOf(fields: FormData, name: string): string {
  const value = fields.get(name)
  return typeof value === 'string' ? value : ''
}
