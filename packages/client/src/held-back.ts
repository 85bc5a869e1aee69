/**
 * What is held back: entries of types that somebody has paused, and, unless somebody asks for them, of types that are
 * sent by hand. They stay where they are; once one of them is overdue the status warns, because no deadline sends it.
 */
import { overdueAgeMs, type AnyOperationDefinition } from '@holdfast/core'
import type { Clock } from './environment.ts'
import { isSamePause, noPause, type Pause } from './pause.ts'
import type { StatusBoard } from './status.ts'
import type { Store } from './store/store.ts'

/** `automatic` sends by itself, `manual` only when somebody calls `drain`. */
export type Mode = 'automatic' | 'manual'

/** What holding back needs from its outbox. */
export interface HeldBackHost {
  readonly clock: Pick<Clock, 'now'>
  readonly store: Pick<Store, 'readPause' | 'changePause'>
  readonly board: StatusBoard
  readonly definitions: ReadonlyMap<string, AnyOperationDefinition>
}

/** What an entry must tell to be watched. */
interface Watched {
  readonly type: string
  readonly createdAtMs: number
}

/** Types that are sent only on request, in the shape of a pause. */
export function manualTypes(mode: Mode | ((type: string) => Mode), types: Iterable<string>): Pause {
  if (typeof mode === 'string') return mode === 'manual' ? { isAll: true, types: [] } : noPause
  const all = [...types]
  const manual = all.filter((type) => mode(type) === 'manual')
  return { isAll: manual.length > 0 && manual.length === all.length, types: manual }
}

/** Knows which types may go, and watches those that may not. */
export class HeldBack {
  readonly #host: HeldBackHost
  #oldestAtMs = Number.POSITIVE_INFINITY

  constructor(host: HeldBackHost) {
    this.#host = host
  }

  /** Reads what is paused, here or elsewhere. */
  async load(): Promise<void> {
    this.#show(await this.#host.store.readPause())
  }

  /** Changes what is paused; written before it resolves. */
  async change(change: (pause: Pause) => Pause): Promise<void> {
    this.#show(await this.#host.store.changePause(change))
  }

  /** The types that may go in a pass, or, without one, by themselves; `undefined` for all. */
  typesFor(
    pass: { readonly types: ReadonlySet<string> | undefined; readonly isAutomatic: boolean } | undefined,
  ): ReadonlySet<string> | undefined {
    const { paused, manual } = this.#host.board.snapshot
    const back = pass === undefined || pass.isAutomatic ? [paused, manual] : [paused]
    if (back.some(({ isAll }) => isAll)) return new Set()
    if (back.every(({ types }) => types.length === 0)) return pass?.types
    const wanted = [...(pass?.types ?? this.#host.definitions.keys())]
    return new Set(wanted.filter((type) => !back.some(({ types }) => types.includes(type))))
  }

  /** Everything is read anew: what is watched is found again, or is gone. */
  forget(): void {
    this.#oldestAtMs = Number.POSITIVE_INFINITY
  }

  /** Looks at entries that did not go; those of a type that is held back are watched. */
  watch(entries: Iterable<Watched>): void {
    const { paused, manual } = this.#host.board.snapshot
    const isBack = (type: string): boolean =>
      paused.isAll || manual.isAll || paused.types.includes(type) || manual.types.includes(type)
    for (const { type, createdAtMs } of entries) {
      if (createdAtMs < this.#oldestAtMs && isBack(type)) this.#oldestAtMs = createdAtMs
    }
  }

  /** Warns of what is watched and overdue, or takes the warning back. */
  warn(): void {
    const isOverdue = this.#host.clock.now() - this.#oldestAtMs >= overdueAgeMs
    this.#host.board.set({ warning: isOverdue ? 'overdue' : undefined })
  }

  #show(paused: Pause): void {
    const { board } = this.#host
    if (!isSamePause(board.snapshot.paused, paused)) board.set({ paused })
  }
}

/** True when some type may go that could not before. */
export function isWider(now: ReadonlySet<string> | undefined, before: ReadonlySet<string> | undefined): boolean {
  if (before === undefined) return false
  return now === undefined || [...now].some((type) => !before.has(type))
}
