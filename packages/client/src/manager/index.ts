export { backgroundSyncManager, configureSync } from './global-manager.ts'
export { BackgroundSyncManager, type SyncEvents, type SyncOptions, type SyncStatus } from './sync-manager.ts'
export { SyncTaskError, type SyncTask, type TaskState } from './task.ts'
