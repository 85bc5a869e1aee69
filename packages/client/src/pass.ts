/** A pass: one call of `drain`, from the moment it was asked for until nothing more can be sent now. */
import { problemCodeOf, type DeliveryState, type OperationId, type Priority } from '@holdfast/core'
import type { DrainError, DrainReport, TypeReport } from './drain-report.ts'
import { isLive, type Position, type Store, type StoreCounts } from './store/store.ts'
import type { WaitingEntry, WindowEntry } from './window-entry.ts'

/** Entries per page when what remains is counted. */
const countPageMax = 1000

/** What has become of an entry in a pass, at last: applied, or failed with this error. */
interface Note {
  readonly type: string
  readonly error: DrainError | undefined
}

/** One call of `drain`. */
export class Pass {
  readonly types: ReadonlySet<string> | undefined
  /** Nobody asked for it: a machine did, and what is sent by hand stays. */
  readonly isAutomatic: boolean
  /** True once the way to the server was probed for this pass: it does not wait for a second probe. */
  hasProbed = false
  /** The last segment of each log as this pass began: what is stored later is not its matter. */
  #ends: ReadonlyMap<Priority, number> | undefined
  readonly #notes = new Map<OperationId, Note>()
  /** Entries that this pass has sent and that are still to be settled. */
  readonly #tried = new Set<OperationId>()
  readonly #done: PromiseWithResolvers<DrainReport> = Promise.withResolvers()

  constructor({ types, isAutomatic = false }: { readonly types?: readonly string[]; readonly isAutomatic?: boolean }) {
    this.types = types === undefined ? undefined : new Set(types)
    this.isAutomatic = isAutomatic
  }

  /** The report, once the pass is over. */
  get report(): Promise<DrainReport> {
    return this.#done.promise
  }

  /** Where the logs ended when this pass began; `undefined` before that. */
  get ends(): ReadonlyMap<Priority, number> | undefined {
    return this.#ends
  }

  /** This pass is next: it is over once all that can be sent of what is stored up to here was tried. */
  begin(ends: ReadonlyMap<Priority, number>): void {
    this.#ends = ends
  }

  /** True for an entry that was there when this pass began. */
  covers({ stored: { position } }: WindowEntry): boolean {
    return position.segment <= (this.#ends?.get(position.priority) ?? 0)
  }

  /** Waiting entries as this pass sees them: what it has tried already waits for its time like any other. */
  waitingOf(waiting: readonly WaitingEntry[]): readonly WaitingEntry[] {
    return waiting.map((entry) => (this.#tried.has(entry.id) ? { ...entry, isAsked: true } : entry))
  }

  /** Notes what became of an entry. */
  note(id: OperationId, type: string, state: DeliveryState): void {
    if (state.kind === 'queued') return
    // The last word counts: what has failed before may be applied now.
    this.#notes.delete(id)
    if (state.kind === 'discarded') return
    if (state.kind !== 'applied') this.#tried.add(id)
    const error = state.kind === 'applied' ? undefined : { id, attempts: state.attempts, ...explain(state) }
    this.#notes.set(id, { type, error })
  }

  /** Ends the pass and says what remains; `counts` are the store's, read after the last write. */
  async finish(store: Store, counts: StoreCounts): Promise<void> {
    const remaining = await countByType(store, counts)
    const report: { [type: string]: TypeReport } = {}
    for (const type of new Set([...[...this.#notes.values()].map((note) => note.type), ...remaining.keys()])) {
      if (this.types?.has(type) === false) continue
      const noted = [...this.#notes].filter(([, note]) => note.type === type)
      const errors = noted.flatMap(([, { error }]) => (error === undefined ? [] : [error]))
      report[type] = {
        synced: noted.flatMap(([id, { error }]) => (error === undefined ? [id] : [])),
        failed: errors.map(({ id }) => id),
        remaining: remaining.get(type) ?? 0,
        errors,
      }
    }
    this.#done.resolve(report)
  }

  /** Ends the pass with the report of the context that has made it. */
  finishWith(report: DrainReport): void {
    this.#done.resolve(report)
  }
}

function explain(state: Exclude<DeliveryState, { kind: 'queued' | 'applied' | 'discarded' }>): {
  code: string
  message: string
} {
  if (state.kind === 'conflicted')
    return { code: 'conflict', message: 'Changed in two places; a person must settle it.' }
  if (state.kind === 'dead' && state.reason.kind === 'too-large') {
    return { code: 'too-large', message: 'Larger than the server takes.' }
  }
  const problem =
    state.kind === 'waiting'
      ? state.failure.problem
      : state.reason.kind === 'attempts'
        ? state.reason.failure.problem
        : state.reason.kind === 'too-large'
          ? undefined
          : state.reason.problem
  if (problem !== undefined) {
    return { code: problemCodeOf(problem) ?? problem.type, message: problem.detail ?? problem.title }
  }
  const failure =
    state.kind === 'waiting' ? state.failure : state.reason.kind === 'attempts' ? state.reason.failure : undefined
  return { code: failure?.cause ?? 'unknown', message: `HTTP ${failure?.status ?? 'without an answer'}` }
}

async function countByType(store: Store, { queued, waiting }: StoreCounts): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  const add = (type: string): void => {
    counts.set(type, (counts.get(type) ?? 0) + 1)
  }
  if (queued > 0) {
    for (const priority of ['high', 'medium', 'low'] satisfies Priority[]) {
      for (let after: Position | undefined; ;) {
        const page = await store.readLog(priority, after, {
          entriesMax: countPageMax,
          bytesMax: Number.MAX_SAFE_INTEGER,
        })
        for (const entry of page.entries) add(entry.operation.type)
        if (page.isEnd || page.last === undefined) break
        after = page.last
      }
    }
  }
  if (waiting > 0) {
    for (let after: OperationId | undefined; ;) {
      const page = await store.readHeld('waiting', { limit: countPageMax, ...(after !== undefined && { after }) })
      for (const entry of page) if (isLive(entry)) add(entry.operation.type)
      if (page.length < countPageMax) break
      after = page.at(-1)?.operation.id
    }
  }
  return counts
}
