/**
 * Whose each open page is. A page may have been open since before somebody else signed in, and what was typed into it
 * is not theirs. A page that stamps its requests says so itself; of every other one the worker remembers who was signed
 * in when it was loaded, or when it last said that this has changed.
 *
 *   load, "identity-changed", or first write ──▶ known ──▶ forgotten, some time after the page is gone
 *
 * The browser ends workers when it likes, so what is known is kept in a cache of its own as well, where there is one.
 */
import { isSameSession, type Session } from '@holdfast/client'
import { encodedName, identityHeader, identityStamp, isRecord, problem, type Problem } from '@holdfast/core'
import type { WorkerScope } from './worker-scope.ts'

const cacheName = 'holdfast-pages'

/** With more pages than this kept, those that are gone are forgotten. */
const keptMax = 64

/** How many of the latest are spared: a page that is still loading is not among the open ones yet. */
const keptLatest = 16

const foreign = problem('wrong-identity', 'Not saved: this page was opened by somebody else.', {
  detail: 'Another person has signed in on this device since. Reload the page, or sign in again as the one before.',
})

/** Whose each open page is. */
export class PageOwners {
  readonly #scope: WorkerScope
  readonly #identity: () => Promise<Session | undefined>
  readonly #known = new Map<string, Promise<Session | undefined>>()

  constructor(scope: WorkerScope, identity: () => Promise<Session | undefined>) {
    this.#scope = scope
    this.#identity = identity
  }

  /**
   * Why a write may not be stored for whoever is signed in; `undefined` when it may. A page of which nothing is known
   * becomes theirs by it, as its cookie has it.
   */
  async refusalOf(request: Request, page: string, session: Session): Promise<Problem | undefined> {
    const stamp = request.headers.get(identityHeader)
    if (stamp !== null) return stamp === identityStamp(session) ? undefined : foreign
    if (page === '') return undefined
    const owner = await this.#of(page)
    if (owner === undefined) await this.#bind(page, Promise.resolve(session))
    return owner === undefined || isSameSession(owner, session) ? undefined : foreign
  }

  /** The request as it goes to the network: with the stamp of the page's owner, so that the server can refuse it too. */
  async stamped(request: Request, page: string): Promise<Request> {
    const owner = page === '' || request.headers.has(identityHeader) ? undefined : await this.#of(page)
    if (owner === undefined) return request
    const headers = new Headers(request.headers)
    headers.set(identityHeader, identityStamp(owner))
    return new Request(request, { headers })
  }

  /** Makes a page that of whoever is signed in now: it was loaded, or has said that somebody else is. */
  async noteIdentity(page: string): Promise<void> {
    await this.#bind(page, this.#identity())
  }

  /** Makes a worker that a page has started that page's owner's. */
  async noteWorker(worker: string, page: string): Promise<void> {
    await this.#bind(worker, this.#of(page))
  }

  /** Makes all open pages of which nothing is known those of whoever is signed in now. */
  async adoptOpenPages(): Promise<void> {
    const pages = await this.#scope.clients.matchAll({ type: 'window', includeUncontrolled: true })
    for (const { id } of pages) if ((await this.#of(id)) === undefined) await this.noteIdentity(id)
  }

  #of(page: string): Promise<Session | undefined> {
    let owner = this.#known.get(page)
    if (owner === undefined) {
      owner = this.#read(page).catch(() => undefined)
      this.#known.set(page, owner)
    }
    return owner
  }

  /** From the call on, a write of the page waits for the owner. A cache that fails only forgets sooner. */
  async #bind(page: string, owner: Promise<Session | undefined>): Promise<void> {
    const known = owner.catch(() => undefined)
    this.#known.set(page, known)
    await this.#keep(page, await known).catch(() => undefined)
  }

  async #read(page: string): Promise<Session | undefined> {
    const cache = await this.#scope.caches?.open(cacheName)
    const kept: unknown = await (await cache?.match(addressOf(page)))?.json()
    if (!isRecord(kept)) return undefined
    const { tenant, user } = kept
    return typeof tenant === 'string' && typeof user === 'string' ? { tenant, user } : undefined
  }

  async #keep(page: string, owner: Session | undefined): Promise<void> {
    const cache = await this.#scope.caches?.open(cacheName)
    if (cache === undefined) return
    if (owner === undefined) await cache.delete(addressOf(page))
    else await cache.put(addressOf(page), Response.json({ tenant: owner.tenant, user: owner.user }))
    const kept = await cache.keys()
    if (kept.length <= keptMax) return
    const open = await this.#scope.clients.matchAll({ type: 'all', includeUncontrolled: true })
    const spared = new Set(open.map(({ id }) => addressOf(id)))
    for (const request of kept.slice(0, -keptLatest)) {
      if (!spared.has(new URL(request.url).pathname)) await cache.delete(request)
    }
    // The newest stand last here as well: what was just asked for stays.
    for (const one of [...this.#known.keys()].slice(0, -keptLatest)) {
      if (!spared.has(addressOf(one))) this.#known.delete(one)
    }
  }
}

function addressOf(page: string): string {
  return `/holdfast-page/${encodedName(page)}`
}
