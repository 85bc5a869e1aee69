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
  readonly registration = {
    sync: {
      register: (tag: string) => {
        this.armed.push(tag)
        return Promise.resolve()
      },
    },
  }
  readonly clients = {
    matchAll: () => Promise.resolve([{ postMessage: (message: unknown) => void this.told.push(message) }]),
  }

  fetch(request: Request): Promise<Response> {
    this.passedOn.push(`${request.method} ${new URL(request.url).pathname}`)
    return Promise.resolve(new Response('from the network', { status: 299 }))
  }

  /** Fires a sync event; resolves or rejects as the event does. */
  async sync(tag: string, { type = 'sync', lastChance = false } = {}): Promise<void> {
    await this.#fire(type, { tag, lastChance })
  }

  async message(data: unknown, origin: string = this.location.origin): Promise<void> {
    await this.#fire('message', { data, origin })
  }

  /** Fires a fetch event; `undefined` when nobody answered it. */
  async request(path: string, init: RequestInit): Promise<Response | undefined> {
    let answer: Promise<Response> | undefined
    const request = new Request(this.location.origin + path, init)
    const waiting = this.#fire('fetch', {
      request,
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

/** A worker that is installed, with its server and the means to look into its outbox. */
export interface Stage {
  readonly scope: StageScope
  readonly server: ScriptedServer
  /** Signs in; `undefined` signs out. */
  readonly signIn: (session: Session | undefined) => Promise<void>
  /** Opens an outbox beside the worker's, as a page does. */
  readonly openPage: (session: Session) => Promise<Outbox>
}

/** Sets a stage with a database of its own. */
export async function setStage(options: Partial<InstallOptions> = {}): Promise<Stage> {
  const name = `stage-${crypto.randomUUID()}`
  const scope = new StageScope()
  const server = new ScriptedServer()
  const open = (session: Session) =>
    openOutbox({ name, operations: [addNote, addMemo], session, transport: server.transport() })
  const signIn = (session: Session | undefined) => setCurrentIdentity(name, session)
  await signIn(ana)
  installSync({ scope, identity: () => currentIdentity(name), open, ...options })
  return { scope, server, signIn, openPage: open }
}
