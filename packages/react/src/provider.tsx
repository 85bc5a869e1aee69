/**
 * The provider: hands an outbox, or the promise of one, to the hooks below it. It owns nothing: it neither opens nor
 * closes the outbox, so that mounting twice (StrictMode) or unmounting a page never touches what is being sent.
 */
import type { Outbox } from '@holdfast/client'
import { createContext, useContext, useMemo, useSyncExternalStore, type ReactElement, type ReactNode } from 'react'
import { createOpening, stillOpening, type Opening } from './opening.ts'
import type { Source } from './source.ts'

const Context = createContext<Source<Opening> | undefined>(undefined)

/** What {@link OutboxProvider} takes. */
export interface OutboxProviderProps {
  /** The outbox, or the promise of `openOutbox`. Pass the same object on every render. */
  readonly outbox: Outbox | Promise<Outbox>
  readonly children?: ReactNode
}

/** Makes an outbox known to the hooks below. Whoever opened it also closes it. */
export function OutboxProvider({ outbox, children }: OutboxProviderProps): ReactElement {
  const opening = useMemo(() => createOpening(outbox), [outbox])
  return <Context.Provider value={opening}>{children}</Context.Provider>
}

/**
 * The outbox, or `undefined` while it is being opened and on the server. Nothing suspends: a page shows its shell, and
 * what is typed into it stays, while the database opens.
 *
 * @throws what opening the outbox threw, for the nearest error boundary; Error when there is no provider above
 */
export function useOutbox(): Outbox | undefined {
  const opening = useContext(Context)
  if (opening === undefined)
    throw new Error('A hook of @holdfast/react is used outside <OutboxProvider>: put one above.')
  const state = useSyncExternalStore(opening.subscribe, opening.snapshot, () => stillOpening)
  if (state.kind === 'failed') throw state.error
  return state.kind === 'open' ? state.outbox : undefined
}
