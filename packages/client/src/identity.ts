/**
 * Who is signed in on this device. Pages say it, the service worker asks it: a queue is only ever opened for the person
 * who is signed in, and stays sealed for everybody else. No token is kept, only names.
 */
import { browserEnvironment } from './environment-browser.ts'
import { openIndexedDbRegistry } from './store/indexeddb-registry.ts'
import type { RegisteredIdentity, Registry, Session } from './store/registry.ts'

/**
 * Says who is signed in, or, with `undefined`, that nobody is any more. The queue of whoever was stays where it is.
 *
 * @throws SyncError `storage` when there is no usable IndexedDB
 */
export async function setCurrentIdentity(application: string, session: Session | undefined): Promise<void> {
  await withRegistry(application, (registry) => registry.setCurrent(session))
}

/** Who is signed in on this device, or `undefined`. Works offline: this is what lets an app open without a network. */
export async function currentIdentity(application: string): Promise<Session | undefined> {
  return withRegistry(application, (registry) => registry.current())
}

/** Everybody who has a queue on this device, with the count of entries each queue held when it was last open. */
export async function knownIdentities(application: string): Promise<readonly RegisteredIdentity[]> {
  return withRegistry(application, (registry) => registry.identities())
}

/** Runs work on the registry of an application, opened for it alone. */
export async function withRegistry<Result>(
  application: string,
  work: (registry: Registry) => Promise<Result>,
): Promise<Result> {
  const { random, clock } = browserEnvironment()
  const registry = await openIndexedDbRegistry(application, random, clock)
  try {
    return await work(registry)
  } finally {
    await registry.close()
  }
}
