/** Faults: records that a store found damaged. They are passed over and stay where they are; nothing is deleted for that. */

/** A record that cannot be read. */
export interface StoreFault {
  /** `sealed`: it is encrypted, and its key is missing or is another one. */
  readonly kind: 'damaged' | 'sealed'
  /** The object store that holds it. */
  readonly store: string
  /** Its key, and the index of the entry where only one of a segment is damaged. */
  readonly key: string | number
  readonly index?: number
}

/** Hears of each damaged record once per handle. */
export type FaultListener = (fault: StoreFault) => void

/** What a store tells whoever opened it. */
export interface StoreListener {
  /** Hears of each damaged record once. The record stays where it is. */
  readonly onFault: FaultListener
  /** Hears once that a newer release has taken over the database, or is about to: every call fails from then on. */
  readonly onOutdated: () => void
}

/** A listener that tells another one of every fault only once: a damaged record is met again by each reading. */
export function onceEach(listener: FaultListener | undefined): FaultListener {
  const told = new Set<string>()
  return (fault) => {
    const name = `${fault.store}/${fault.key}/${fault.index ?? ''}`
    if (told.has(name)) return
    told.add(name)
    listener?.(fault)
  }
}
