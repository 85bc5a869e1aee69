/** The shape of an identity's database. Forward only; each step stays as it was released. */

/** The version that this release writes. */
export const databaseVersion = 1

/**
 * A database that may hold sealed entries has its version raised by this, though its shape is the same: a page without
 * the keys, or of an older release, cannot open it and so never takes what is sealed for an operation.
 */
export const sealedVersions = 1_000_000

/** The names of the object stores. */
export const storeNames = {
  log: { high: 'log-high', medium: 'log-medium', low: 'log-low' },
  marks: { high: 'marks-high', medium: 'marks-medium', low: 'marks-low' },
  held: 'held',
  results: 'results',
  meta: 'meta',
} as const

/** The index of `held` by kind, then id. */
export const heldByKind = 'kind'

/** The index of `results` by the time of settling, then in the order of commits. */
export const resultsByTime = 'time'

/** The record of `meta` that says who leads. */
export const leadershipKey = 'leadership'

/** The record of `meta` that says what is paused. */
export const pauseKey = 'pause'

/** Brings a database up to {@link databaseVersion}. */
export function migrate(database: IDBDatabase, fromVersion: number): void {
  if (fromVersion < 1) {
    for (const name of Object.values(storeNames.log)) database.createObjectStore(name)
    for (const name of Object.values(storeNames.marks)) database.createObjectStore(name, { keyPath: 'segment' })
    const held = database.createObjectStore(storeNames.held, { keyPath: 'id' })
    held.createIndex(heldByKind, ['kind', 'id'])
    const results = database.createObjectStore(storeNames.results, { autoIncrement: true })
    results.createIndex(resultsByTime, 'settledAtMs')
    database.createObjectStore(storeNames.meta)
  }
}
