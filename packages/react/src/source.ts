/** A source: something with a snapshot that changes, in the shape that React's `useSyncExternalStore` takes. */

/** A snapshot that changes. The same object until its content does. */
export interface Source<Snapshot> {
  readonly subscribe: (listener: () => void) => () => void
  readonly snapshot: () => Snapshot
}

/** Listeners of one source. `onFirst` runs when the first one comes, `onLast` when the last one has gone. */
export function createListeners(
  onFirst: () => void,
  onLast: () => void,
): { subscribe: Source<unknown>['subscribe']; tell: () => void } {
  const listeners = new Set<() => void>()
  return {
    subscribe: (listener) => {
      // A function of its own each time: the same listener may subscribe twice.
      const call = () => listener()
      listeners.add(call)
      if (listeners.size === 1) onFirst()
      return () => {
        if (listeners.delete(call) && listeners.size === 0) onLast()
      }
    },
    tell: () => {
      for (const listener of listeners) listener()
    },
  }
}
