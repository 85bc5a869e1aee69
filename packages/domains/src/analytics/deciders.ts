/** What happens to events: each is kept once. */
import { applied, decide, on, type Handler } from '@holdfast/server'
import { recordEvent } from './operations.ts'

/** The handlers of the pack. */
export const analyticsHandlers: readonly Handler[] = [
  on(
    recordEvent,
    // An event that came before under another operation's id counts once all the same.
    decide(({ payload }, existing, { user }) => (existing === undefined ? applied({ ...payload, user }) : applied())),
  ),
]
