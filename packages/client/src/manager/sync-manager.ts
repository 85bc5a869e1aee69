/**
 * The manager: writes by name, for code that wants to say "keep this in sync" and no more. It is a face of the outbox
 * and stores nothing of its own: a task is an entry, its name is its queue, and its retries are its policy.
 */
import { SyncError, type Json, type Priority } from '@holdfast/core'
import type { Entry, EntryView } from '../entry.ts'
import type { Outbox } from '../outbox.ts'
import { enqueueRequest, payloadOf, type RequestOptions } from '../requests/enqueue-request.ts'
import { sendRequest, sendRequestOnce, type WriteMethod } from '../requests/plain-request.ts'
import { queueOf, type SyncTask, type SyncTaskError } from './task.ts'
import { TaskWatch } from './task-watch.ts'

/** What is registered. */
export interface SyncOptions {
  /** A path of this origin, or an address whose origin the transport allows. */
  readonly url: string
  /** Default `POST`. */
  readonly method?: WriteMethod
  readonly data?: Json
  /** Default `medium`. */
  readonly priority?: Priority
  /** False: one attempt, and what the server did not take is failed. Default true. */
  readonly retryOnFailure?: boolean
  /** Never a token: those are stamped by the transport when it is sent. */
  readonly headers?: Readonly<Record<string, string>>
  /** Kept and shown, never sent. */
  readonly metadata?: Json
}

/** How all of it stands. */
export interface SyncStatus {
  /** Entries that go out without anybody's help. */
  readonly pendingCount: number
  /** Entries that wait for a person. */
  readonly failedCount: number
  readonly isSyncing: boolean
  readonly isOnline: boolean
  readonly progress: { readonly done: number; readonly total: number }
  /** When the server last acknowledged anything, ms since 1970. */
  readonly lastSyncAtMs: number | undefined
}

/** What can be listened to, and what listeners are given. All of it is heard in every tab. */
export interface SyncEvents {
  'sync:start': []
  'sync:progress': [progress: { readonly done: number; readonly total: number }]
  'sync:complete': [task: SyncTask]
  /** Only when nothing more will be tried without a person. */
  'sync:failed': [task: SyncTask, error: SyncTaskError]
  'sync:retry': [task: SyncTask, error: SyncTaskError]
  'sync:conflict': [task: SyncTask]
  'sync:auth-required': []
}

type Listener<Name extends keyof SyncEvents> = (...given: SyncEvents[Name]) => void
type Listeners = { [Name in keyof SyncEvents]: Set<Listener<Name>> }

const nameMax = 100

/** Registers writes by name; see the file's header. */
export class BackgroundSyncManager {
  readonly #listeners: Listeners = {
    'sync:start': new Set(),
    'sync:progress': new Set(),
    'sync:complete': new Set(),
    'sync:failed': new Set(),
    'sync:retry': new Set(),
    'sync:conflict': new Set(),
    'sync:auth-required': new Set(),
  }
  readonly #turns = new Map<string, Promise<unknown>>()
  #outbox: Outbox | undefined
  #watch: TaskWatch | undefined
  #stop: (() => void) | undefined

  /** Binds the manager to an outbox, and from there on to another one after somebody else has signed in. */
  configure(outbox: Outbox): void {
    this.#stop?.()
    this.#watch?.close()
    this.#outbox = outbox
    this.#watch = new TaskWatch(outbox, {
      onCompleted: (task) => this.#emit('sync:complete', task),
      onHeld: (kind, task) => {
        if (kind === 'conflict') this.#emit('sync:conflict', task)
        else if (task.error !== undefined) this.#emit(`sync:${kind}`, task, task.error)
      },
    })
    void this.#watch.look()
    let before = outbox.status()
    this.#stop = outbox.subscribe(() => {
      const now = outbox.status()
      if (before.sending === 0 && now.sending > 0) this.#emit('sync:start')
      if (before.progress.done !== now.progress.done && now.progress.total > 0)
        this.#emit('sync:progress', now.progress)
      if (before.authentication === 'ok' && now.authentication !== 'ok') this.#emit('sync:auth-required')
      before = now
    })
  }

  /**
   * Stores a write under a name; resolves when it survives a power cut. A task of that name that has not gone through
   * is superseded: what was registered last is what counts.
   *
   * @throws SyncError `illegal-act` before `configureSync`, `invalid-payload`, and as `Outbox.enqueue`; then nothing is stored
   */
  async register(name: string, options: SyncOptions): Promise<SyncTask> {
    const [outbox, watch] = this.#bound()
    if (typeof name !== 'string' || name === '' || name.length > nameMax) {
      throw new SyncError('invalid-payload', `A task has a name of 1 to ${nameMax} characters; got "${String(name)}".`)
    }
    return this.#inTurn(name, async () => {
      await watch.look()
      return watch.note(await place(outbox, watch.task(name), requestOf(name, options), options))
    })
  }

  /**
   * How all of it stands, at once and without waiting.
   *
   * @throws SyncError `illegal-act` before `configureSync`
   */
  getStatus(): SyncStatus {
    const { pending, needsYou, sending, connectivity, progress, acknowledgedAtMs } = this.#bound()[0].status()
    return {
      pendingCount: pending,
      failedCount: needsYou,
      isSyncing: sending > 0,
      isOnline: connectivity === 'online',
      progress,
      lastSyncAtMs: acknowledgedAtMs,
    }
  }

  /**
   * The task that was registered last under a name, as this context has last seen it; `undefined` for an unknown name.
   *
   * @throws SyncError `illegal-act` before `configureSync`
   */
  getTaskStatus(name: string): SyncTask | undefined {
    return this.#bound()[1].task(name)
  }

  /** Calls back for every such event, from now on, also before `configureSync`. Returns a function that stops it. */
  on<Name extends keyof SyncEvents>(event: Name, listener: Listener<Name>): () => void {
    this.#of(event).add(listener)
    return () => this.off(event, listener)
  }

  /** Stops calling back. */
  off<Name extends keyof SyncEvents>(event: Name, listener: Listener<Name>): void {
    this.#of(event).delete(listener)
  }

  #of<Name extends keyof SyncEvents>(event: Name): Listeners[Name] {
    const set: Listeners[Name] | undefined = this.#listeners[event]
    if (set !== undefined) return set
    throw new SyncError(
      'invalid-definition',
      `An event is one of ${Object.keys(this.#listeners).join(', ')}; got "${event}".`,
    )
  }

  #emit<Name extends keyof SyncEvents>(event: Name, ...given: SyncEvents[Name]): void {
    for (const listener of this.#listeners[event]) {
      try {
        listener(...given)
      } catch (error) {
        // One listener's mistake is not the others'.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  #bound(): readonly [Outbox, TaskWatch] {
    if (this.#outbox === undefined || this.#watch === undefined) {
      throw new SyncError('illegal-act', 'Call configureSync(outbox) first: the manager has no outbox to store in yet.')
    }
    return [this.#outbox, this.#watch]
  }

  /** Registrations of one name come one after the other: the second must see what the first has stored. */
  #inTurn<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(work, work)
    this.#turns.set(name, turn)
    const forget = (): void => {
      if (this.#turns.get(name) === turn) this.#turns.delete(name)
    }
    turn.then(forget, forget)
    return turn
  }
}

function requestOf(name: string, options: SyncOptions): RequestOptions {
  const { data, url, method, priority, headers, metadata, retryOnFailure } = options
  return {
    url,
    queue: queueOf(name),
    ...(method !== undefined && { method }),
    ...(priority !== undefined && { priority }),
    ...(headers !== undefined && { headers }),
    ...(metadata !== undefined && { metadata }),
    ...(retryOnFailure !== undefined && { retryOnFailure }),
    ...(data !== undefined && { body: data }),
  }
}

/** Puts a request where the task before it stands, where there is one that has not gone through. */
async function place(
  outbox: Outbox,
  before: SyncTask | undefined,
  request: RequestOptions,
  { retryOnFailure = true, priority = 'medium' }: SyncOptions,
): Promise<Entry | EntryView> {
  if (before === undefined || before.state === 'completed' || before.state === 'discarded') {
    return enqueueRequest(outbox, request)
  }
  const { type } = retryOnFailure ? sendRequest : sendRequestOnce
  if (before.type === type && before.priority === priority) {
    const edited = await unlessTooLate(outbox.edit(before.id, payloadOf(request)))
    return edited ?? enqueueRequest(outbox, request)
  }
  // Another priority is another lane, and nothing changes lanes: the new one is stored before the old one goes.
  const entry = await enqueueRequest(outbox, request)
  await unlessTooLate(outbox.discard(before.id, { reason: 'Registered again' }))
  return entry
}

/** What came of an act, or `undefined` when the entry was settled before it. */
async function unlessTooLate<Value>(act: Promise<Value>): Promise<Value | undefined> {
  try {
    return await act
  } catch (error) {
    if (error instanceof SyncError && (error.code === 'illegal-act' || error.code === 'unknown-entry')) return undefined
    throw error
  }
}
