/**
 * The registry port: which identities have a queue on this device, whose turn it is, and the device's own id. One per
 * application name, shared by all tabs and the service worker. It holds no payload and no token.
 *
 * Another identity's queue is sealed: nothing of it is read but how many entries there are.
 */
import { encodedName } from '@holdfast/core'

/** Whose writes these are. */
export interface Session {
  readonly tenant: string
  readonly user: string
}

/** What the registry knows of one identity. */
export interface RegisteredIdentity extends Session {
  /** Entries that are not settled. */
  readonly pending: number
  readonly usedAtMs: number
}

/** The registry of one application. */
export interface Registry {
  /** Made once per device (and lost when the browser's storage is cleared). */
  deviceId(): Promise<string>
  /** The identity that a service worker should open, if somebody is signed in. */
  current(): Promise<Session | undefined>
  /** Says who is signed in now; `undefined` after signing out. */
  setCurrent(session: Session | undefined): Promise<void>
  /** Says that this person is not signed in any more; changes nothing when somebody else is by now. */
  leave(session: Session): Promise<void>
  /** Remembers an identity and its count; durable before its first entry is. */
  remember(identity: RegisteredIdentity): Promise<void>
  /** Everybody who is remembered. Where an outbox can be counted, its count is that of this moment. */
  identities(): Promise<readonly RegisteredIdentity[]>
  /** Forgets an identity, whose outbox has been emptied. */
  forget(session: Session): Promise<void>
  close(): Promise<void>
}

/** True when both name the same person of the same tenant. */
export function isSameSession(left: Session, right: Session): boolean {
  return left.tenant === right.tenant && left.user === right.user
}

/** The name of an identity's database. Parts are encoded, so that no tenant or user can reach into another's name. */
export function databaseName(application: string, session: Session): string {
  return [`holdfast`, application, session.tenant, session.user].map(encodedName).join(':')
}
