/**
 * Who works at this device, by the registry of outboxes and by what the device remembers. The registry is written
 * strictly and overrules the memory: so nobody is let in before it says their name.
 */
import type { RegisteredIdentity, Session } from '@holdfast/client'
import type { Device } from './device.ts'
import { isSamePerson, type Identity } from './identity.ts'

/** The registry of outboxes on this device. */
export interface DeskRegistry {
  /** False where the browser has no database: then nothing durable is opened for anybody either. */
  readonly hasRegistry: () => boolean
  /** Says in the registry, for the service worker, who is signed in. */
  readonly setCurrent: (session: Session | undefined) => Promise<void>
  /** Who is signed in by the registry. */
  readonly currentSession: () => Promise<Session | undefined>
  /** Everybody who has an outbox on this device, with counts. */
  readonly knownIdentities: () => Promise<readonly RegisteredIdentity[]>
}

/** What is known of who works here. */
export type Occupant =
  | { readonly kind: 'somebody'; readonly identity: Identity }
  /** They have signed out, and were cut off before the memory of the device said so. */
  | { readonly kind: 'left' }
  | { readonly kind: 'unknown' }

/** Finds whose outbox is to be opened; their name may be missing where only the registry knows them. */
export async function whoWorksHere(registry: DeskRegistry, device: Device): Promise<Occupant> {
  const remembered = device.identity()
  try {
    const registered = await registry.currentSession()
    if (registered !== undefined) {
      const isRemembered = remembered !== undefined && isSamePerson(remembered, registered)
      const identity = isRemembered ? remembered : { ...registered, name: registered.user, company: registered.tenant }
      return { kind: 'somebody', identity }
    }
    // A registry that has never heard of them was cleared, and says nothing.
    const known = await registry.knownIdentities()
    if (remembered !== undefined && known.some((other) => isSamePerson(other, remembered))) return { kind: 'left' }
  } catch {
    // Without a registry there is nothing better than what is remembered.
  }
  return remembered === undefined ? { kind: 'unknown' } : { kind: 'somebody', identity: remembered }
}

/** Names who is signed in, or nobody; false when the registry may still name somebody else. */
export async function nameCurrent(registry: DeskRegistry, identity: Identity | undefined): Promise<boolean> {
  try {
    await registry.setCurrent(identity && { tenant: identity.tenant, user: identity.user })
    return true
  } catch {
    return !registry.hasRegistry() || isNamed(registry, identity)
  }
}

/** Takes a person's name out of the registry, unless it names somebody else by now; false when it may still be there. */
export async function unnamePerson(registry: DeskRegistry, person: Identity): Promise<boolean> {
  const registered = await registry.currentSession().catch(() => person)
  return registered === undefined || !isSamePerson(registered, person) || nameCurrent(registry, undefined)
}

/** On a full disk nothing can be written, and whoever is named already must still be let in to send. */
async function isNamed(registry: DeskRegistry, identity: Identity | undefined): Promise<boolean> {
  try {
    const registered = await registry.currentSession()
    if (registered === undefined || identity === undefined) return registered === identity
    return isSamePerson(registered, identity)
  } catch {
    return false
  }
}
