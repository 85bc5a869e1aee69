/** Opening: the outbox that the provider was given, or how far its promise has come. */
import type { Outbox } from '@holdfast/client'
import { createListeners, type Source } from './source.ts'

/** How far the opening of an outbox has come. */
export type Opening =
  | { readonly kind: 'opening' }
  | { readonly kind: 'open'; readonly outbox: Outbox }
  | { readonly kind: 'failed'; readonly error: unknown }

/** What a server renders, and a page while it hydrates: one object for ever, so that both agree. */
export const stillOpening: Opening = Object.freeze({ kind: 'opening' })

/** Follows the opening of an outbox. */
export function createOpening(outbox: Outbox | Promise<Outbox>): Source<Opening> {
  if (!(outbox instanceof Promise)) {
    const open: Opening = { kind: 'open', outbox }
    return { subscribe: () => () => undefined, snapshot: () => open }
  }
  let state = stillOpening
  const { subscribe, tell } = createListeners(
    () => undefined,
    () => undefined,
  )
  const become = (next: Opening) => {
    state = next
    tell()
  }
  outbox.then(
    (opened) => become({ kind: 'open', outbox: opened }),
    (error: unknown) => become({ kind: 'failed', error }),
  )
  return { subscribe, snapshot: () => state }
}
