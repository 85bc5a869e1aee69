/**
 * Installing: hangs the sync runtime on the worker's events. It sits beside whatever else the worker does, such as
 * precaching: it answers only the requests that its routes name.
 */
import type { Interception } from './routes.ts'
import { takeRequest, type Intercepted } from './interception.ts'
import { OutboxLease, type OutboxSource } from './lease.ts'
import { armSync, defaultTag } from './register.ts'
import { notStoredAnswer, problemAnswer } from './answers.ts'
import { PageOwners } from './page-owners.ts'
import { PeriodicWork, type PeriodicOptions } from './periodic-work.ts'
import { parsePageMessage, StatusMessenger } from './status-messages.ts'
import { drainInEvent, typesOf, type TagTypes } from './sync.ts'
import {
  isInterceptable,
  isLasting,
  isReceivedMessage,
  isSyncEvent,
  isWorkerScope,
  type InterceptableEvent,
  type SyncEvent,
  type WorkerScope,
} from './worker-scope.ts'

/** What the worker's part of the sync is made of. */
export interface InstallOptions extends OutboxSource {
  /** Types of operations by tag; a tag that is not listed stands for everything. */
  readonly tags?: TagTypes
  /** Which requests are writes of ours; see `intercept`. */
  readonly intercept?: Interception
  /** What the app does in the day's work; see `registerPeriodicSync`. */
  readonly periodic?: PeriodicOptions
  /** Default: the global scope of the worker. */
  readonly scope?: WorkerScope
}

/**
 * Installs sync events, interception and status messages in a service worker. Call it while the worker's script is
 * evaluated: browsers take no listeners later.
 *
 * @throws TypeError when called outside a service worker
 * @example
 * installSync({
 *   identity: () => registry.current(),
 *   open: (session) => openOutbox({ name: 'notes', operations, session, transport }),
 *   tags: { 'notes-sync': ['note.add'] },
 *   intercept: intercept({ 'POST /api/notes': addNote }),
 * })
 */
export function installSync(options: InstallOptions): void {
  const scope = options.scope ?? ownScope()
  const { tags = {}, intercept, periodic = {} } = options
  const messenger = new StatusMessenger(scope)
  const lease = new OutboxLease(options, (outbox) => {
    // Not at once: a status that was never counted would say that nothing is pending.
    outbox.subscribe(() => void messenger.tell(outbox.status()))
  })
  const owners = new PageOwners(scope, options.identity)
  const drain = (tag: string, isAutomatic = true) =>
    lease.use(async (leased) => {
      if (leased !== undefined) await drainInEvent(leased, { types: typesOf(tag, tags), isAutomatic })
    })
  const periodicWork = new PeriodicWork({ scope, lease, drain }, periodic)

  scope.addEventListener('sync', (event) => {
    if (isSyncEvent(event)) event.waitUntil(drainOrArmAgain(scope, event, drain))
  })
  scope.addEventListener('periodicsync', (event) => {
    if (isSyncEvent(event)) event.waitUntil(periodicWork.run(event.tag))
  })
  scope.addEventListener('message', (event) => {
    if (!isReceivedMessage(event) || (event.origin !== '' && event.origin !== scope.location.origin)) return
    const message = parsePageMessage(event.data, defaultTag)
    if (message?.type === 'identity-changed') {
      event.waitUntil(lease.recheck())
      if (event.source !== null) event.waitUntil(owners.noteIdentity(event.source.id))
    }
    if (message?.type === 'periodic-work') event.waitUntil(quietly(periodicWork.runIfDue(message.tag)))
    if (message?.type === 'request-sync') event.waitUntil(quietly(drain(message.tag, false)))
  })
  if (intercept === undefined) return
  scope.addEventListener('activate', (event) => {
    // Pages that were loaded before there was a worker.
    if (isLasting(event)) event.waitUntil(quietly(owners.adoptOpenPages()))
  })
  scope.addEventListener('fetch', (event) => {
    if (!isInterceptable(event)) return
    const { request, clientId, resultingClientId } = event
    if (resultingClientId !== '') {
      const isPage = request.mode === 'navigate'
      event.waitUntil(isPage ? owners.noteIdentity(resultingClientId) : owners.noteWorker(resultingClientId, clientId))
    }
    const definition = intercept.find(request.method, request.url, scope.location.origin)
    if (definition === undefined) return
    const taken = lease.use<Intercepted>(async (leased) => {
      if (leased === undefined) return { kind: 'pass' }
      const refusal = await owners.refusalOf(request, clientId, leased.outbox.session)
      if (refusal !== undefined) return { kind: 'answered', response: problemAnswer(refusal), isPending: false }
      return takeRequest(leased.outbox, definition, request.clone())
    })
    event.respondWith(answer(scope, owners, event, taken))
  })
}

/** Drains; when that leaves work and the browser will not come again by itself, it is asked to. */
async function drainOrArmAgain(scope: WorkerScope, event: SyncEvent, drain: (tag: string) => Promise<void>) {
  try {
    await drain(event.tag)
  } catch (error) {
    if (event.lastChance === true) await armSync(scope.registration, event.tag)
    throw error
  }
}

async function answer(
  scope: WorkerScope,
  owners: PageOwners,
  event: InterceptableEvent,
  taken: Promise<Intercepted>,
): Promise<Response> {
  let intercepted: Intercepted
  try {
    intercepted = await taken
  } catch (error) {
    // Who is signed in could not be read, or the outbox could not be opened: nothing was stored, and that is said.
    return notStoredAnswer(error)
  }
  if (intercepted.kind === 'pass') return scope.fetch(await owners.stamped(event.request, event.clientId))
  // Still inside the event: later a browser would not let its life be extended.
  if (intercepted.isPending) event.waitUntil(armSync(scope.registration, defaultTag))
  return intercepted.response
}

/** A page's message has no retry to ask for, so a rejection would only be noise in its console. */
async function quietly(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined)
}

function ownScope(): WorkerScope {
  const scope: object = globalThis
  if (!isWorkerScope(scope)) throw new TypeError('installSync is called in a service worker; this is none.')
  return scope
}
