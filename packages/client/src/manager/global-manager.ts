/** The one manager of a page, for code that has no outbox at hand. */
import type { Outbox } from '../outbox.ts'
import { BackgroundSyncManager } from './sync-manager.ts'

/** The manager of this page or worker. Before `configureSync` it has nowhere to store, and says so. */
export const backgroundSyncManager: BackgroundSyncManager = new BackgroundSyncManager()

/** Binds `backgroundSyncManager` to the outbox of whoever is signed in; call it again when that changes. */
export function configureSync(outbox: Outbox): void {
  backgroundSyncManager.configure(outbox)
}
