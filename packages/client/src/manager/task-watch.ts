/**
 * Watching an outbox for its tasks: what is new about held and settled entries becomes events, in whichever tab or
 * worker it happened. Only entries that need individual attention are read again and again, and those are few.
 *
 *   outbox changes ──▶ look (one at a time) ──▶ differences ──▶ events
 */
import type { OperationId } from '@holdfast/core'
import type { EntryView } from '../entry.ts'
import type { Outbox } from '../outbox.ts'
import { nameOf, taskOf, type SyncTask } from './task.ts'

/** What is heard of tasks. */
export interface TaskNews {
  readonly onHeld: (kind: 'retry' | 'conflict' | 'failed', task: SyncTask) => void
  readonly onCompleted: (task: SyncTask) => void
}

/** Queued entries beyond this are not searched for tasks: they are found when something becomes of them. */
const searchedMax = 2000

const pageSize = 500

const heldKinds = ['waiting', 'conflicted', 'dead'] as const
const newsOf = { waiting: 'retry', conflicted: 'conflict', dead: 'failed' } as const

/** Watches an outbox. */
export class TaskWatch {
  readonly #outbox: Outbox
  readonly #news: TaskNews
  readonly #tasks = new Map<string, SyncTask>()
  /** By id, how a held entry stood when it was last looked at. */
  #held = new Map<OperationId, string>()
  #looking: Promise<void> | undefined
  #isLookWanted = false
  #isFirst = true
  #searchedAt = -1
  readonly #stop: readonly (() => void)[]

  constructor(outbox: Outbox, news: TaskNews) {
    this.#outbox = outbox
    this.#news = news
    this.#stop = [
      outbox.subscribe(() => void this.look()),
      outbox.onSettled(({ id }) => void this.#noteSettled(id).catch(() => undefined)),
    ]
  }

  /** The task of a name, as it was last seen; `undefined` for a name that nothing was registered under. */
  task(name: string): SyncTask | undefined {
    return this.#tasks.get(name)
  }

  /** Takes note of what this context has just stored. */
  note(entry: EntryView): SyncTask {
    const task = taskOf(entry)
    this.#remember(task)
    return task
  }

  /** Looks at the outbox now, or once more when it is being looked at. A store that fails is looked at again later. */
  look(): Promise<void> {
    this.#isLookWanted = true
    this.#looking ??= this.#lookWhileWanted().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  close(): void {
    for (const stop of this.#stop) stop()
  }

  async #lookWhileWanted(): Promise<void> {
    while (this.#isLookWanted) {
      this.#isLookWanted = false
      try {
        await this.#lookAtHeld()
        await this.#search()
        this.#isFirst = false
      } catch {
        return
      }
    }
  }

  async #lookAtHeld(): Promise<void> {
    const held = new Map<OperationId, string>()
    for (const kind of heldKinds) {
      for (const entry of await this.#outbox.entries({ state: kind, limit: pageSize })) {
        const stands = standOf(entry)
        const task = this.note(entry)
        held.set(entry.id, stands)
        // What was there before somebody listened is no news.
        if (!this.#isFirst && this.#held.get(entry.id) !== stands) this.#news.onHeld(newsOf[kind], task)
      }
    }
    this.#held = held
  }

  /** Finds tasks that other contexts have registered, and at first those that were settled lately. */
  async #search(): Promise<void> {
    const { queued } = this.#outbox.status().counts
    if (this.#isFirst) {
      const settled = await this.#outbox.entries({ state: 'applied', limit: pageSize })
      for (const entry of settled.toReversed()) if (nameOf(entry) !== undefined) this.note(entry)
    }
    if (queued === this.#searchedAt || queued > searchedMax) return
    this.#searchedAt = queued
    let after: EntryView | undefined
    for (;;) {
      const page = await this.#outbox.entries({
        state: 'queued',
        limit: pageSize,
        ...(after !== undefined && { after }),
      })
      for (const entry of page) if (nameOf(entry) !== undefined) this.note(entry)
      after = page.at(-1)
      if (page.length < pageSize || after === undefined) return
    }
  }

  async #noteSettled(id: OperationId): Promise<void> {
    const entry = await this.#outbox.entry(id)
    if (entry === undefined) return
    const task = this.note(entry)
    if (task.state === 'completed') this.#news.onCompleted(task)
  }

  /** Of one name the task that was registered last counts; what it took the place of is no news. */
  #remember(task: SyncTask): void {
    if (task.name === undefined) return
    const known = this.#tasks.get(task.name)
    const isOther = known !== undefined && known.id !== task.id
    if (isOther && (task.state === 'discarded' || known.createdAtMs > task.createdAtMs)) return
    this.#tasks.set(task.name, task)
  }
}

/** Changes with every attempt. */
function standOf({ state }: EntryView): string {
  if (state.kind === 'waiting') return `waiting ${state.attempts} ${state.notBeforeMs}`
  return state.kind
}
