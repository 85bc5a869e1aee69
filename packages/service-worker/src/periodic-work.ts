/**
 * Periodic work in the worker: once a day what is pending is sent, old results are forgotten, and the app's settings and
 * content are brought up to date; once an hour the browser is asked whether there is a newer release.
 *
 *   `periodicsync` (Chromium, with a permission) ──▶ run ◀── is it due? ◀── a page asks, where there is no such event
 *
 * When it was last done is kept in a cache of its own, because the browser ends workers when it likes.
 */
import type { Session } from '@holdfast/client'
import { isRecord } from '@holdfast/core'
import type { OutboxLease } from './lease.ts'
import { periodicIntervalsMs, type PeriodicTag } from './periodic-tags.ts'
import type { WorkerScope } from './worker-scope.ts'

/** What an app does in the day's work, beside what is done for every app. */
export interface PeriodicOptions {
  /** Brings the settings of whoever is signed in up to date. Not called while nobody is. */
  readonly refreshSettings?: (session: Session) => Promise<unknown>
  /** Brings up to date what the app keeps to be read offline. */
  readonly refreshContent?: () => Promise<unknown>
  /** Results that were settled longer ago than this are forgotten, ms. Default 7 days. Nothing pending ever is. */
  readonly keepResultsMs?: number
}

const cacheName = 'holdfast-periodic'
const weekMs = 7 * 86_400_000

/** What periodic work needs of the worker around it. */
export interface PeriodicHost {
  readonly scope: WorkerScope
  readonly lease: OutboxLease
  /** Sends what a tag stands for. */
  readonly drain: (tag: string) => Promise<void>
}

/** Does periodic work, each kind of it once at a time. */
export class PeriodicWork {
  readonly #host: PeriodicHost
  readonly #options: PeriodicOptions
  readonly #running = new Map<string, Promise<void>>()

  constructor(host: PeriodicHost, options: PeriodicOptions) {
    this.#host = host
    this.#options = options
  }

  /**
   * Does what a tag stands for. Of its parts each is tried, whatever becomes of the others.
   *
   * @throws AggregateError with what went wrong
   */
  run(tag: string): Promise<void> {
    const running = this.#running.get(tag) ?? this.#run(tag).finally(() => this.#running.delete(tag))
    this.#running.set(tag, running)
    return running
  }

  /** Does it unless that was done less than an interval ago; for pages, where the browser has no such event. */
  async runIfDue(tag: PeriodicTag): Promise<void> {
    const sinceMs = Date.now() - (await this.#lastAtMs(tag).catch(() => 0))
    // A clock that was set back must not put it off for as long.
    if (sinceMs < 0 || sinceMs >= periodicIntervalsMs[tag]) await this.run(tag)
  }

  async #run(tag: string): Promise<void> {
    const done = await Promise.allSettled([this.#host.drain(tag), ...this.#partsOf(tag)])
    const errors: unknown[] = []
    for (const part of done) if (part.status === 'rejected') errors.push(part.reason)
    if (errors.length > 0)
      throw new AggregateError(errors, `Of the periodic work "${tag}", ${errors.length} parts failed.`)
    // A cache that fails only has the work done again sooner.
    await this.#noteDone(tag).catch(() => undefined)
  }

  #partsOf(tag: string): readonly Promise<unknown>[] {
    if (tag === 'check-updates') return [lookForRelease(this.#host.scope.registration)]
    return tag === 'daily-sync' ? [this.#tidyUp(), this.#refreshContent()] : []
  }

  /** Forgets old results and refreshes the settings of whoever is signed in. */
  #tidyUp(): Promise<void> {
    const { keepResultsMs: olderThanMs = weekMs, refreshSettings } = this.#options
    return this.#host.lease.use(async (leased) => {
      if (leased === undefined) return
      await leased.outbox.cleanup({ olderThanMs })
      if (!leased.retired.aborted) await refreshSettings?.(leased.outbox.session)
    })
  }

  async #refreshContent(): Promise<void> {
    await this.#options.refreshContent?.()
  }

  async #lastAtMs(tag: string): Promise<number> {
    const cache = await this.#host.scope.caches?.open(cacheName)
    const kept: unknown = await (await cache?.match(addressOf(tag)))?.json()
    return isRecord(kept) && typeof kept['atMs'] === 'number' ? kept['atMs'] : 0
  }

  async #noteDone(tag: string): Promise<void> {
    const cache = await this.#host.scope.caches?.open(cacheName)
    await cache?.put(addressOf(tag), Response.json({ atMs: Date.now() }))
  }
}

/** Has the browser look for a newer worker; what it finds waits until the app takes it. */
async function lookForRelease(registration: object): Promise<void> {
  if (isUpdatable(registration)) await registration.update()
}

function isUpdatable(registration: object): registration is { update(): Promise<unknown> } {
  return 'update' in registration && typeof registration.update === 'function'
}

function addressOf(tag: string): string {
  return `/holdfast-periodic/${encodeURIComponent(tag)}`
}
