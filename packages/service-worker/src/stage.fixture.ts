/** A stage for tests: the real outbox over a scripted server, and a service worker's scope with events to fire. */
import 'fake-indexeddb/auto'
import {
  openOutbox,
  setCurrentIdentity,
  currentIdentity,
  type Outbox,
  type Session,
  type Transport,
} from '@holdfast/client'
import { answerMediaType, problem, type BatchRequest, type RawAnswer } from '@holdfast/core'
import { installSync, type InstallOptions } from './install.ts'
import { addMemo, addNote } from './note.fixture.ts'
import type { WorkerScope } from './worker-scope.ts'

// A worker's global scope is an event target, and Node's is not.
const events = new EventTarget()
globalThis.addEventListener ??= events.addEventListener.bind(events)
globalThis.removeEventListener ??= events.removeEventListener.bind(events)

/** People who sign in on the stage. */
export const ana: Session = { tenant: 'north', user: 'ana' }
export const ben: Session = { tenant: 'north', user: 'ben' }

/** How the scripted server answers. */
export type ServerMood = 'applies' | 'away' | 'refuses' | 'silent'

/** A scripted server: what it was sent, and how it answers. */
export class ScriptedServer {
  mood: ServerMood = 'applies'
  readonly applied: { readonly user: string; readonly type: string; readonly id: string }[] = []

  transport(): Transport {
    return {
      send: (batch, signal) => this.#answer(batch, signal),
      probe: () => Promise.resolve(this.mood === 'away' ? { kind: 'red' } : { kind: 'green', session: this.#session }),
    }
  }

  #session: Session = ana

  async #answer({ user, tenant, operations }: BatchRequest, signal: AbortSignal): Promise<RawAnswer> {
    this.#session = { user, tenant }
    if (this.mood === 'away') return { kind: 'none', cause: 'network' }
    if (this.mood === 'silent') {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return { kind: 'none', cause: 'aborted' }
    }
    const isRefusing = this.mood === 'refuses'
    const outcomes = operations.map(({ id, type }) => {
      if (isRefusing) return { id, outcome: 'rejected', problem: problem('refused', 'Not this one.') }
      const isKnown = this.applied.some((known) => known.id === id)
      if (!isKnown) this.applied.push({ user, type, id })
      const first = { outcome: 'applied', result: { heard: true } }
      return isKnown ? { id, outcome: 'duplicate', first } : { id, ...first }
    })
    return {
      kind: 'http',
      status: 200,
      redirected: false,
      mediaType: answerMediaType,
      retryAfter: undefined,
      date: undefined,
      body: { outcomes },
    }
  }
}

/** A scope whose events a test fires. */
export class StageScope extends EventTarget implements WorkerScope {
  readonly location = { origin: 'https://app.example' }
  readonly armed: string[] = []
  readonly told: unknown[] = []
  readonly passedOn: string[] = []
  /** The stamp of the last request that was passed on. */
  lastStamp: string | null = null
  /** How often the browser was asked for a newer release. */
  looks = 0
  readonly registration = {
    update: () => {
      this.looks += 1
      return Promise.resolve()
    },
    sync: {
      register: (tag: string) => {
        this.armed.push(tag)
        return Promise.resolve()
      },
    },
  }
  /** The ids of the pages that are open. */
  readonly open = new Set(['page'])
  readonly clients = {
    matchAll: () =>
      Promise.resolve(
        [...this.open].map((id) => ({ id, postMessage: (message: unknown) => void this.told.push(message) })),
      ),
  }
  readonly caches: Pick<CacheStorage, 'open'>

  constructor(kept = new Map<string, string>()) {
    super()
    this.caches = cachesOver(kept)
  }

  fetch(request: Request): Promise<Response> {
    this.passedOn.push(`${request.method} ${new URL(request.url).pathname}`)
    this.lastStamp = request.headers.get('Holdfast-Identity')
    return Promise.resolve(new Response('from the network', { status: 299 }))
  }

  /** Fires a sync event; resolves or rejects as the event does. */
  async sync(tag: string, { type = 'sync', lastChance = false } = {}): Promise<void> {
    await this.#fire(type, { tag, lastChance })
  }

  async message(data: unknown, origin: string = this.location.origin, page = 'page'): Promise<void> {
    await this.#fire('message', { data, origin, source: { id: page } })
  }

  async activate(): Promise<void> {
    await this.#fire('activate', {})
  }

  /** Opens a page, as a navigation does. */
  async load(page: string): Promise<void> {
    this.open.add(page)
    const request = new Request(this.location.origin)
    Object.defineProperty(request, 'mode', { value: 'navigate' })
    await this.#fire('fetch', { request, clientId: '', resultingClientId: page, respondWith: () => undefined })
  }

  /** Starts a worker of a page. */
  async startWorker(worker: string, page: string): Promise<void> {
    const request = new Request(`${this.location.origin}/worker.js`)
    await this.#fire('fetch', { request, clientId: page, resultingClientId: worker, respondWith: () => undefined })
  }

  /** Fires a fetch event; `undefined` when nobody answered it. Without a page, nothing is known of who asks. */
  async request(path: string, init: RequestInit, page = ''): Promise<Response | undefined> {
    let answer: Promise<Response> | undefined
    const request = new Request(this.location.origin + path, init)
    const waiting = this.#fire('fetch', {
      request,
      clientId: page,
      resultingClientId: '',
      respondWith: (response: Promise<Response>) => (answer = response),
    })
    const response = await answer
    await waiting
    return response
  }

  async #fire(type: string, members: object): Promise<void> {
    const waited: Promise<unknown>[] = []
    const event = Object.assign(new Event(type), members, {
      waitUntil: (promise: Promise<unknown>) => void waited.push(promise),
    })
    this.dispatchEvent(event)
    await Promise.all(waited)
  }
}

/** Caches over a map, which outlives the worker: as much of the Cache API as is used. */
function cachesOver(kept: Map<string, string>): Pick<CacheStorage, 'open'> {
  const pathOf = (asked: RequestInfo | URL) =>
    new URL(asked instanceof Request ? asked.url : asked, 'https://app.example').pathname
  const unexpected = () => Promise.reject(new Error('this is not expected of a cache here'))
  return {
    open: () =>
      Promise.resolve({
        match: (asked) => {
          const text = kept.get(pathOf(asked))
          return Promise.resolve(text === undefined ? undefined : new Response(text))
        },
        put: async (asked, response) => void kept.set(pathOf(asked), await response.text()),
        delete: (asked) => Promise.resolve(kept.delete(pathOf(asked))),
        keys: () => Promise.resolve([...kept.keys()].map((path) => new Request(`https://app.example${path}`))),
        add: unexpected,
        addAll: unexpected,
        matchAll: unexpected,
      }),
  }
}

/** A worker that is installed, with its server and the means to look into its outbox. */
export interface Stage {
  readonly scope: StageScope
  readonly server: ScriptedServer
  /** What the worker's caches hold. */
  readonly kept: ReadonlyMap<string, string>
  /** Ends the worker, and starts another with nothing in memory. */
  readonly restartWorker: () => StageScope
  /** Signs in; `undefined` signs out. */
  readonly signIn: (session: Session | undefined) => Promise<void>
  /** Opens an outbox beside the worker's, as a page does. */
  readonly openPage: (session: Session) => Promise<Outbox>
}

/** Sets a stage with a database of its own. */
export async function setStage(options: Partial<InstallOptions> = {}): Promise<Stage> {
  const name = `stage-${crypto.randomUUID()}`
  const kept = new Map<string, string>()
  const server = new ScriptedServer()
  const open = (session: Session) =>
    openOutbox({ name, operations: [addNote, addMemo], session, transport: server.transport() })
  const signIn = (session: Session | undefined) => setCurrentIdentity(name, session)
  await signIn(ana)
  const startWorker = () => {
    const scope = new StageScope(kept)
    installSync({ scope, identity: () => currentIdentity(name), open, ...options })
    return scope
  }
  return { scope: startWorker(), server, kept, restartWorker: startWorker, signIn, openPage: open }
}
