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
import { nameCurrent, unnamePerson, whoWorksHere, type DeskRegistry } from './who-works-here.ts'

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

type OpenDesk = Extract<DeskState, { kind: 'open' }>

/** What came of signing out of the device, and whether the registry does not name the person any more. */
interface Departure {
  readonly answer: SignOutAnswer
  readonly isUnnamed: boolean
}

/** What the desk stands on. */
export interface DeskPorts extends DeskRegistry {
  readonly device: Device
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

  /** Says who is signed in, before anything is opened: the worker must never store for the person before. */
  const nameAndTell = async (identity: Identity | undefined) => {
    const isNamed = await nameCurrent(ports, identity)
    tellWorker()
    return isNamed
  }

  const open = async (identity: Identity) => {
    device.setLeaving(false)
    const before = device.identity()
    // Whoever was here before left nothing to read behind: their outbox is sealed, their list is forgotten.
    if (before !== undefined && !isSamePerson(before, identity)) device.forget()
    device.remember(identity)
    if (state.kind === 'open' && isSamePerson(state.identity, identity)) {
      const outbox = await state.outbox
      outbox.authenticated()
      return
    }
    become({ kind: 'open', identity, outbox: ports.openOutbox(identity) })
  }

  const close = async () => {
    device.forget()
    await nameAndTell(undefined)
    await showSignedOut()
  }

  /** Ends a sign-out that was cut off. The note of it stays until both the server and the registry have heard of it. */
  const finishLeaving = async () => {
    device.setLeaving(true)
    device.forget()
    const isNamed = await nameAndTell(undefined)
    if ((await ports.signOut()) && isNamed) device.setLeaving(false)
    await showSignedOut()
  }

  const showSignedOut = async (unconfirmed = 0) => {
    const sealed = (await ports.knownIdentities().catch(() => [])).filter(({ pending }) => pending > 0)
    become({ kind: 'signed-out', sealed, ...(unconfirmed > 0 && { unconfirmed }) })
  }

  /** Asks the server for the names of a person of whom only the registry knew. */
  const learnNames = async () => {
    const session = await ports.fetchSession()
    if (session.kind !== 'signed-in' || state.kind !== 'open' || !isSamePerson(session.identity, state.identity)) return
    device.remember(session.identity)
    state = { ...state, identity: session.identity }
    for (const listener of listeners) listener()
  }

  /** Signs out of the device, also where the outbox never opened: what it holds is sealed then, whatever it is. */
  const leaveDevice = async ({ identity, outbox }: OpenDesk, choice: SignOutChoice): Promise<Departure> => {
    const opened = choice.how === 'keep-sealed' ? await outbox.catch(() => undefined) : await outbox
    if (opened !== undefined) return { answer: await ports.leaveDevice(opened, choice), isUnnamed: true }
    const isUnnamed = await unnamePerson(ports, identity)
    const known = await ports.knownIdentities().catch(() => [])
    const sealed = known.find((other) => isSamePerson(other, identity))?.pending ?? 0
    return { answer: { kind: 'signed-out', sealed, unconfirmed: 0 }, isUnnamed }
  }

  return {
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start: async () => {
      if (device.isLeaving()) return finishLeaving()
      const remembered = device.identity()
      const occupant = await whoWorksHere(ports, device)
      if (occupant.kind === 'left') return finishLeaving()
      if (occupant.kind === 'somebody') {
        const { identity } = occupant
        // The app opens at once; whether the session still holds is found out by the first probe.
        await nameAndTell(identity)
        await open(identity)
        if (remembered === undefined || !isSamePerson(remembered, identity)) void learnNames()
        return undefined
      }
      const session = await ports.fetchSession()
      if (session.kind !== 'signed-in') return close()
      return (await nameAndTell(session.identity)) ? open(session.identity) : showSignedOut()
    },
    signIn: async (email, password) => {
      const answer = await ports.signIn(email, password)
      if (answer.kind !== 'signed-in') return answer
      if (await nameAndTell(answer.identity)) {
        await open(answer.identity)
        return answer
      }
      // Let in now, they would find the outbox of the person before at the next start.
      await ports.signOut()
      return { kind: 'refused' }
    },
    leave: async (choice) => {
      if (state.kind !== 'open') return { kind: 'signed-out', sealed: 0, unconfirmed: 0 }
      // Noted before anything is done: a page that dies in between must not come back signed in.
      device.setLeaving(true)
      const { answer, isUnnamed } = await leaveDevice(state, choice).catch((error: unknown) => {
        device.setLeaving(false)
        throw error
      })
      if (answer.kind !== 'signed-out') {
        device.setLeaving(false)
        return answer
      }
      device.forget()
      tellWorker()
      await showSignedOut(answer.unconfirmed)
      if ((await ports.signOut()) && isUnnamed) device.setLeaving(false)
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
