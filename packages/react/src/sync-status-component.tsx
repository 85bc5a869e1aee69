/** A small status for a corner of the page: how many entries are not on the server, and a button that sends them. */
import { useState, type ReactElement } from 'react'
import { useBackgroundSync } from './background-sync.ts'
import { indicatorOf, type Indicator } from './sync-indicator.ts'

/** The words of {@link SyncStatus}. Functions, so that number and order belong to the language. */
export interface SyncStatusMessages {
  readonly waiting: (count: number) => string
  readonly sending: (done: number, total: number) => string
  readonly needsYou: (count: number) => string
  readonly syncNow: string
}

/** What {@link SyncStatus} takes. */
export interface SyncStatusProps {
  readonly className?: string
  readonly messages?: Partial<SyncStatusMessages>
}

const english: SyncStatusMessages = {
  waiting: (count) => `${count} waiting`,
  sending: (done, total) => `Sending ${Math.min(done + 1, total)} of ${total}`,
  needsYou: (count) => (count === 1 ? '1 needs you' : `${count} need you`),
  syncNow: 'Sync now',
}

/**
 * Shows what is not on the server yet, with "Sync now". Shows nothing while there is nothing to say. Unstyled:
 * `data-hf-state` is `idle`, `syncing` or `error`.
 */
export function SyncStatus({ className, messages }: SyncStatusProps): ReactElement | null {
  const { status, requestSync } = useBackgroundSync()
  const [isAsking, setAsking] = useState(false)
  const indicator = indicatorOf(status)
  if (indicator === undefined) return null
  const words = { ...english, ...messages }
  const sync = () => {
    if (isAsking) return
    setAsking(true)
    // A pass that cannot run says so by the status.
    requestSync()
      .catch(() => undefined)
      .finally(() => setAsking(false))
  }
  return (
    <div className={className} data-hf-part="sync-status" data-hf-state={indicator.state}>
      <span>{sentenceOf(indicator, words)}</span>{' '}
      <button type="button" onClick={sync} aria-disabled={isAsking}>
        {words.syncNow}
      </button>
    </div>
  )
}

function sentenceOf({ state, count, progress }: Indicator, words: SyncStatusMessages): string {
  if (state === 'error') return words.needsYou(count)
  return progress === undefined ? words.waiting(count) : words.sending(progress.done, progress.total)
}
