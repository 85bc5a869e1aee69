/** The pill: how everything stands, in a word; it leads to the page that says more. And the button beside it. */
import { useBackgroundSync, useSyncStatus } from '@holdfast/react'
import {
  CircleAlert,
  CircleCheck,
  Clock,
  CloudOff,
  HardDrive,
  LogIn,
  RefreshCw,
  ServerOff,
  WifiOff,
} from 'lucide-react'
import { useState, type ReactElement } from 'react'
import { Link } from 'wouter'
import { pillOf, type PillKind } from '../words/pill.ts'
import { shellWords } from '../words/words.ts'
import { useNow, useSteady } from './steady.ts'

const icons = {
  opening: HardDrive,
  'not-kept': CircleAlert,
  'needs-you': CircleAlert,
  'signed-out': LogIn,
  captive: WifiOff,
  'server-unreachable': ServerOff,
  offline: CloudOff,
  sending: RefreshCw,
  waiting: Clock,
  'all-sent': CircleCheck,
  resting: CircleCheck,
} as const satisfies Record<PillKind, unknown>

/** Shows the pill. */
export function StatusPill(): ReactElement {
  const status = useSyncStatus()
  const nowMs = useNow(30_000)
  const isSending = useSteady((status?.sending ?? 0) > 0)
  const pill = pillOf(status, isSending, nowMs)
  const Icon = icons[pill.kind]
  return (
    <Link href="/sync" className="pill" data-kind={pill.kind} data-testid="status-pill">
      <Icon aria-hidden size={16} />
      <span>{pill.text}</span>
    </Link>
  )
}

/** A bar over the page while several entries are being sent. */
export function SendProgress(): ReactElement | null {
  const status = useSyncStatus()
  const isSending = useSteady((status?.sending ?? 0) > 0)
  if (status === undefined || !isSending || status.progress.total < 2) return null
  const { done, total } = status.progress
  return (
    <progress
      className="send-progress"
      value={done}
      max={total}
      aria-label={shellWords.progress(done, total)}
      data-testid="send-progress"
    />
  )
}

/** Sends everything that may go now. */
export function SyncNow(): ReactElement {
  const { status, requestSync } = useBackgroundSync()
  const [isBusy, setBusy] = useState(false)
  const isShown = useSteady(isBusy)
  const sync = async () => {
    if (isBusy) return
    setBusy(true)
    // A pass that cannot be made is no news of its own: pill and rows say what is in the way.
    await requestSync().catch(() => undefined)
    setBusy(false)
  }
  return (
    <button
      type="button"
      className="button sync-now"
      onClick={() => void sync()}
      disabled={status === undefined}
      data-testid="sync-now"
    >
      <RefreshCw aria-hidden size={18} className={isShown ? 'turning' : ''} />
      <span>{isShown ? shellWords.syncing : shellWords.syncNow}</span>
    </button>
  )
}
