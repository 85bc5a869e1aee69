/**
 * The desk: who works at it, and their open outbox. One for each page.
 *
 *   starting ──▶ open ◀──────┐ signIn
 *      │          │ leave    │
 *      └──────▶ signed-out ──┘
 *
 * A person whom the device remembers gets their outbox at once, online or not: the session only decides about sending.
 * Who that is, the registry of outboxes says: it is written strictly, and the browser's other storage may lose the last
 * seconds before a crash.
 * Whoever is not the open person stays sealed: their outbox is not opened, and only its count is shown.
 */
import type { Outbox, RegisteredIdentity, Session } from '@holdfast/client'
import type { RemovalAnswer, SignOutAnswer, SignOutChoice } from '@holdfast/client/sign-out'
import { identityKey, type Device } from './device.ts'
import { isSamePerson, type Identity } from './identity.ts'
import type { SessionAnswer, SignInAnswer } from './session-client.ts'

/** Who works at the desk. */
export type DeskState =
  | { readonly kind: 'starting' }
  | {
      readonly kind: 'signed-out'
      readonly sealed: readonly RegisteredIdentity[]
      /** Entries discarded just now of which the server has not confirmed that it never gets them. */
      readonly unconfirmed?: number
    }
  | { readonly kind: 'open'; readonly identity: Identity; readonly outbox: Promise<Outbox> }

/** What the desk stands on. */
export interface DeskPorts {
  readonly device: Device
  /** Says in the registry, for the service worker, who is signed in. */
  readonly setCurrent: (session: Session | undefined) => Promise<void>
  /** Who is signed in by the registry. */
  readonly currentSession: () => Promise<Session | undefined>
  /** Everybody who has an outbox on this device, with counts. */
  readonly knownIdentities: () => Promise<readonly RegisteredIdentity[]>
  readonly openOutbox: (identity: Identity) => Promise<Outbox>
  /** Signs out of the device and closes the outbox; see `signOut` of `@holdfast/client/sign-out`. */
  readonly leaveDevice: (outbox: Outbox, choice: SignOutChoice) => Promise<SignOutAnswer>
  readonly removeFromDevice: (session: Session, options: { readonly count: number }) => Promise<RemovalAnswer>
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
  /** Signs out; rejects, or answers another kind than `signed-out`, while the person stays signed in. */
  readonly leave: (choice: SignOutChoice) => Promise<SignOutAnswer>
  /** Removes the sealed entries of somebody who is not signed in, if they are as many as the person was shown. */
  readonly removeSealed: (identity: RegisteredIdentity) => Promise<RemovalAnswer>
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

  const showSignedOut = async (unconfirmed = 0) => {
    const sealed = (await ports.knownIdentities().catch(() => [])).filter(({ pending }) => pending > 0)
    become({ kind: 'signed-out', sealed, ...(unconfirmed > 0 && { unconfirmed }) })
  }

  /** The person whose outbox is to be opened; their name may be missing where only the registry knows them. */
  const whoWorksHere = async (): Promise<Identity | undefined> => {
    const remembered = device.identity()
    try {
      const registered = await ports.currentSession()
      if (registered !== undefined) {
        if (remembered !== undefined && isSamePerson(remembered, registered)) return remembered
        return { ...registered, name: registered.user, company: registered.tenant }
      }
      // Nobody: they have signed out. A registry that has never heard of them was cleared, and says nothing.
      const known = await ports.knownIdentities()
      if (remembered !== undefined && known.some((other) => isSamePerson(other, remembered))) return undefined
    } catch {
      // Without a registry there is nothing better than what is remembered.
    }
    return remembered
  }

  /** Asks the server for the names of a person of whom only the registry knew. */
  const learnNames = async () => {
    const session = await ports.fetchSession()
    if (session.kind !== 'signed-in' || state.kind !== 'open' || !isSamePerson(session.identity, state.identity)) return
    device.remember(session.identity)
    state = { ...state, identity: session.identity }
    for (const listener of listeners) listener()
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
      const remembered = device.identity()
      const known = await whoWorksHere()
      if (known !== undefined) {
        // The app opens at once; whether the session still holds is found out by the first probe.
        await open(known)
        if (remembered === undefined || !isSamePerson(remembered, known)) void learnNames()
        return undefined
      }
      const session = await ports.fetchSession()
      return session.kind === 'signed-in' ? open(session.identity) : close()
    },
    signIn: async (email, password) => {
      const answer = await ports.signIn(email, password)
      if (answer.kind === 'signed-in') await open(answer.identity)
      return answer
    },
    leave: async (choice) => {
      if (state.kind !== 'open') return { kind: 'signed-out', sealed: 0, unconfirmed: 0 }
      const answer = await ports.leaveDevice(await state.outbox, choice)
      if (answer.kind !== 'signed-out') return answer
      // Noted before the server is asked: a page that dies in between must not come back signed in.
      device.setLeaving(true)
      device.forget()
      tellWorker()
      await showSignedOut(answer.unconfirmed)
      if (await ports.signOut()) device.setLeaving(false)
      return answer
    },
    removeSealed: async (identity) => {
      const answer = await ports.removeFromDevice(identity, { count: identity.pending })
      if (state.kind === 'signed-out') await showSignedOut()
      return answer
    },
    noteStorage: (key) => {
      const isIdentity = key === identityKey || key === null
      // Only the page itself leaves: who is signed in now is the other tab's to say, and may be somebody else already.
      if (isIdentity && state.kind === 'open' && device.identity() === undefined) void showSignedOut()
    },
  }
}
