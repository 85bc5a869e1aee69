/**
 * The desk: who works at it, and their open outbox. One for each page.
 *
 *   starting ──▶ open ◀──────┐ signIn
 *      │          │ leave    │
 *      └──────▶ signed-out ──┘
 *
 * A person whom the device remembers gets their outbox at once, online or not: the session only decides about sending.
 * Whoever is not the open person stays sealed: their outbox is not opened, and only its count is shown.
 */
import type { Outbox, RegisteredIdentity, Session } from '@holdfast/client'
import { identityKey, type Device } from './device.ts'
import { isSamePerson, type Identity } from './identity.ts'
import type { SessionAnswer, SignInAnswer } from './session-client.ts'

/** Who works at the desk. */
export type DeskState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'signed-out'; readonly sealed: readonly RegisteredIdentity[] }
  | { readonly kind: 'open'; readonly identity: Identity; readonly outbox: Promise<Outbox> }

/** What the desk stands on. */
export interface DeskPorts {
  readonly device: Device
  /** Says in the registry, for the service worker, who is signed in. */
  readonly setCurrent: (session: Session | undefined) => Promise<void>
  /** Everybody who has an outbox on this device, with counts. */
  readonly knownIdentities: () => Promise<readonly RegisteredIdentity[]>
  readonly openOutbox: (identity: Identity) => Promise<Outbox>
  readonly fetchSession: () => Promise<SessionAnswer>
  readonly signIn: (email: string, password: string) => Promise<SignInAnswer>
  readonly signOut: () => Promise<boolean>
  /** Tells the service worker that somebody else is, or nobody is, signed in now. */
  readonly tellWorker: () => void
}

/** The desk. */
export interface Desk {
  readonly state: () => DeskState
  readonly subscribe: (listener: () => void) => () => void
  /** Finds out who works here. */
  readonly start: () => Promise<void>
  readonly signIn: (email: string, password: string) => Promise<SignInAnswer>
  /** Signs out. What is not on the server yet stays sealed on the device. */
  readonly leave: () => Promise<void>
  /** Takes note of what another tab has written to the device's memory. */
  readonly noteStorage: (key: string | null) => void
}

/** Makes a desk. */
export function createDesk(ports: DeskPorts): Desk {
  const { device, tellWorker } = ports
  const listeners = new Set<() => void>()
  let state: DeskState = { kind: 'starting' }

  const become = (next: DeskState) => {
    const before = state
    state = next
    for (const listener of listeners) listener()
    // Nothing of it is lost: what was not sent stays in its store.
    if (before.kind === 'open') void before.outbox.then((outbox) => outbox.close()).catch(() => undefined)
  }

  const setCurrent = async (identity: Identity | undefined) => {
    try {
      await ports.setCurrent(identity && { tenant: identity.tenant, user: identity.user })
    } catch {
      // Without a registry there is no service worker that would send; the page itself still does.
    }
    tellWorker()
  }

  const open = async (identity: Identity) => {
    device.setLeaving(false)
    const before = device.identity()
    // Whoever was here before left nothing to read behind: their outbox is sealed, their list is forgotten.
    if (before !== undefined && !isSamePerson(before, identity)) device.forget()
    device.remember(identity)
    // Before the outbox is open: the worker must never store for the person before.
    await setCurrent(identity)
    if (state.kind === 'open' && isSamePerson(state.identity, identity)) {
      const outbox = await state.outbox
      outbox.authenticated()
      return
    }
    become({ kind: 'open', identity, outbox: ports.openOutbox(identity) })
  }

  const close = async () => {
    device.forget()
    await setCurrent(undefined)
    await showSignedOut()
  }

  const showSignedOut = async () => {
    const sealed = await ports.knownIdentities().catch(() => [])
    become({ kind: 'signed-out', sealed: sealed.filter(({ pending }) => pending > 0) })
  }

  return {
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start: async () => {
      if (device.isLeaving()) {
        if (await ports.signOut()) device.setLeaving(false)
        return close()
      }
      const known = device.identity()
      // Remembered: the app opens at once, and whether the session still holds is found out by the first probe.
      if (known !== undefined) return open(known)
      const session = await ports.fetchSession()
      return session.kind === 'signed-in' ? open(session.identity) : close()
    },
    signIn: async (email, password) => {
      const answer = await ports.signIn(email, password)
      if (answer.kind === 'signed-in') await open(answer.identity)
      return answer
    },
    leave: async () => {
      // Noted before the server is asked: a page that dies in between must not come back signed in.
      device.setLeaving(true)
      await close()
      if (await ports.signOut()) device.setLeaving(false)
    },
    noteStorage: (key) => {
      const isIdentity = key === identityKey || key === null
      // Only the page itself leaves: who is signed in now is the other tab's to say, and may be somebody else already.
      if (isIdentity && state.kind === 'open' && device.identity() === undefined) void showSignedOut()
    },
  }
}
