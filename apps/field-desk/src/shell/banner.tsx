/** The banner over the page: once for each time that something is wrong on the way to the server. */
import type { SyncStatus } from '@holdfast/client'
import { useOutbox, useSyncStatus } from '@holdfast/react'
import { CircleCheck, CloudOff, LogIn, ServerOff, TriangleAlert, WifiOff, X } from 'lucide-react'
import { useEffect, useState, type ReactElement } from 'react'
import { useLocation } from 'wouter'
import { useDesk } from '../session/desk-context.tsx'
import { dueTime } from '../words/time.ts'
import { announceWords, bannerWords } from '../words/words.ts'
import { useAnnouncing } from './announcing.tsx'
import { SendProgress } from './status-pill.tsx'
import {
  bannerCauseOf,
  bannerDueMs,
  hideBanner,
  nextBanner,
  type BannerCause,
  type BannerState,
} from './banner-state.ts'

const icons = {
  offline: CloudOff,
  server: ServerOff,
  captive: WifiOff,
  'signed-out': LogIn,
  'other-person': LogIn,
} as const satisfies Record<BannerCause, unknown>

/** Shows the banner's place, and the banner in it when there is one. */
export function Banner(): ReactElement {
  const status = useSyncStatus()
  const [state, hide] = useBanner(status)
  return (
    <section className="banner-place" aria-label={bannerWords.region}>
      <SendProgress />
      {status !== undefined && !status.durable && (
        <div className="banner" data-kind="not-kept">
          <TriangleAlert aria-hidden size={20} />
          <p>{bannerWords.notKept}</p>
        </div>
      )}
      {status !== undefined && state.kind === 'shown' && <Trouble cause={state.cause} status={status} onHide={hide} />}
      {status !== undefined && state.kind === 'back' && (
        <div className="banner" data-kind="back" data-testid="banner">
          <CircleCheck aria-hidden size={20} />
          <p>{bannerWords.back(status.pending)}</p>
        </div>
      )}
    </section>
  )
}

function useBanner(status: SyncStatus | undefined): [BannerState, () => void] {
  const [state, setState] = useState<BannerState>({ kind: 'none' })
  const { announce } = useAnnouncing()
  const cause = status === undefined ? undefined : bannerCauseOf(status)
  const isKnown = status !== undefined
  useEffect(() => {
    if (!isKnown) return undefined
    const look = () => setState((before) => nextBanner(before, cause, Date.now()))
    look()
    const dueMs = bannerDueMs(state)
    if (dueMs === undefined) return undefined
    const timer = setTimeout(look, Math.max(0, dueMs - Date.now()) + 20)
    return () => clearTimeout(timer)
  }, [isKnown, cause, state])
  useEffect(() => {
    if (state.kind === 'shown' && state.cause === 'offline') announce(announceWords.offline)
    if (state.kind === 'back') announce(announceWords.back)
  }, [state, announce])
  return [state, () => setState(hideBanner)]
}

function Trouble({
  cause,
  status,
  onHide,
}: {
  readonly cause: BannerCause
  readonly status: SyncStatus
  readonly onHide: () => void
}): ReactElement {
  const { identity } = useDesk()
  const Icon = icons[cause]
  const isPersons = cause === 'signed-out' || cause === 'other-person'
  return (
    <div className="banner" data-kind={cause} data-testid="banner">
      <Icon aria-hidden size={20} />
      <p>{textOf(cause, status, identity.name)}</p>
      <div className="acts">
        <TroubleAct cause={cause} />
        {!isPersons && (
          <button type="button" className="button plain square" aria-label={bannerWords.hide} onClick={onHide}>
            <X aria-hidden size={18} />
          </button>
        )}
      </div>
    </div>
  )
}

function TroubleAct({ cause }: { readonly cause: BannerCause }): ReactElement | null {
  const outbox = useOutbox()
  const [, navigate] = useLocation()
  const again = () => void outbox?.drain().catch(() => undefined)
  switch (cause) {
    case 'offline':
      return null
    case 'server':
      return (
        <button type="button" className="button" onClick={again}>
          {bannerWords.tryNow}
        </button>
      )
    case 'captive':
      return (
        <>
          {/* An address that no worker answers: the portal can put its page there. */}
          <a className="button" href="/api/sync/health" target="_blank" rel="noreferrer">
            {bannerWords.openWifi}
          </a>
          <button type="button" className="button" onClick={again}>
            {bannerWords.checkAgain}
          </button>
        </>
      )
    case 'signed-out':
    case 'other-person':
      return (
        <button type="button" className="button primary" onClick={() => navigate('/sign-in')}>
          {bannerWords.signIn}
        </button>
      )
  }
}

function textOf(cause: BannerCause, { pending, nextAttemptAtMs }: SyncStatus, name: string): string {
  switch (cause) {
    case 'offline':
      return bannerWords.offline
    case 'server':
      return bannerWords.server(nextAttemptAtMs === undefined ? undefined : dueTime(nextAttemptAtMs, Date.now()))
    case 'captive':
      return bannerWords.captive
    case 'signed-out':
      return bannerWords.signedOut(pending)
    case 'other-person':
      return bannerWords.otherPerson(name)
  }
}
