/** Background sync in a component: how it goes, and a way to ask for it. */
import type { SyncStatus } from '@holdfast/client'
import { useCallback } from 'react'
import { useOutbox } from './provider.tsx'
import { useSyncStatus } from './sync-status.ts'

/** What {@link useBackgroundSync} gives. */
export interface BackgroundSync {
  /** `undefined` while the outbox is being opened. */
  readonly status: SyncStatus | undefined
  /**
   * Sends what a tag stands for, now. The default tag stands for everything; the service worker knows the others, and
   * where there is no worker every tag stands for everything. Resolves when the page's own pass is over.
   */
  readonly requestSync: (tag?: string) => Promise<void>
}

/** The status, and a "Sync now" for buttons. */
export function useBackgroundSync(): BackgroundSync {
  const outbox = useOutbox()
  const status = useSyncStatus()
  const requestSync = useCallback(
    async (tag: string = 'data-sync') => {
      const worker = tag === 'data-sync' ? null : workerOfPage()
      if (worker === null) await outbox?.drain()
      else worker.postMessage({ type: 'request-sync', tag })
    },
    [outbox],
  )
  return { status, requestSync }
}

function workerOfPage(): ServiceWorker | null {
  return typeof navigator !== 'undefined' && 'serviceWorker' in navigator ? navigator.serviceWorker.controller : null
}
