/**
 * The server in memory: the real rules (prepareBatch, decideBatch) between maps instead of statements. A batch is
 * committed in one step (each wave of it, where operations refer to each other), as its transaction would be. The differential test holds this model against the real server.
 */
import {
  answerMediaType,
  healthPath,
  parseBatchRequest,
  problem,
  problemCodeOf,
  problemMediaType,
  protocolVersion,
  type EntityRef,
  type Json,
  type OperationId,
  type OperationOutcome,
  type Problem,
  type WireOperation,
} from '@holdfast/core'
import {
  decideBatch,
  entitiesToLoad,
  entityKey,
  idsReferredTo,
  idsToClaim,
  idsToRead,
  prepareBatch,
  wavesOf,
  type Handler,
  type LedgerRow,
  type LosingSideWrite,
  type PreparedOperation,
  type StoredEntity,
} from '@holdfast/server'

/** Whose session a request belongs to. */
export interface SimSession {
  readonly tenant: string
  readonly user: string
}

/** An HTTP answer as it travels. */
export interface SimResponse {
  readonly status: number
  readonly mediaType: string
  readonly text: string
  readonly redirected?: boolean
  readonly retryAfter?: string
  readonly date?: string
  /** What `retryAfter` means, for the checkers. */
  readonly retryAfterMs?: number
}

/** One tenant's rows. */
export interface TenantRows {
  readonly ledger: Map<OperationId, LedgerRow>
  readonly entities: Map<string, StoredEntity>
  readonly losingSides: LosingSideWrite[]
  /** Changes in their order; the first has the number 1. */
  readonly feed: FeedChange[]
}

/** A change of an entity, as the feed tells it. */
export interface FeedChange extends EntityRef {
  readonly version: number
  readonly deleted: boolean
}

/** A batch that was applied, for the differential test. */
export interface AppliedBatch {
  /** Under whose name it was applied. */
  readonly session: SimSession
  /** Whose session the request had. */
  readonly asker: SimSession
  readonly nowMs: number
  /** Types that the server knew then, with their versions; see {@link nameOfHandler}. */
  readonly types: readonly string[]
  readonly operations: readonly WireOperation[]
  readonly outcomes: readonly OperationOutcome[]
}

/** Deliberate bugs of a server, for the mutants. */
export interface ServerMutation {
  readonly forgetsLedger?: boolean
  readonly believesBody?: boolean
  readonly skipsIdentityCheck?: boolean
  readonly ignoresStoppedLanes?: boolean
  readonly forgetsTombstones?: boolean
  /** Does not note which operation took another one's place. */
  readonly forgetsSuccessors?: boolean
  readonly forgetsLosingSides?: boolean
  /** Takes every change for one that was made on what is there now. */
  readonly ignoresBases?: boolean
  /** Throws ledger rows away that are older. */
  readonly prunesLedgerAfterMs?: number
  /** Commits every tenth batch's effects and not its ledger rows: two transactions, and a crash in between. */
  readonly splitsTransaction?: boolean
  /** Keeps a deferral as if it were final. */
  readonly recordsDeferred?: boolean
  /** Answers every tenth batch before its commit, which then fails. */
  readonly losesCommits?: boolean
}

/** What a server model is made of. */
export interface ServerModelOptions {
  readonly handlers: readonly Handler[]
  readonly mutation?: ServerMutation
  /** Told of every batch right after its commit. */
  readonly onApplied?: (batch: AppliedBatch) => void
}

/** A server in memory. */
export class ServerModel {
  readonly tenants: Map<string, TenantRows> = new Map()
  readonly #handlers: Map<string, Handler>
  readonly #mutation: ServerMutation
  readonly #onApplied: (batch: AppliedBatch) => void
  #batches = 0
  readonly #writtenAtMs = new Map<OperationId, number>()

  constructor({ handlers, mutation = {}, onApplied = () => {} }: ServerModelOptions) {
    this.#handlers = new Map(handlers.map((handler) => [handler.definition.type, handler]))
    this.#mutation = mutation
    this.#onApplied = onApplied
  }

  /** A release that knows this handler is deployed. */
  deploy(handler: Handler): void {
    this.#handlers.set(handler.definition.type, handler)
  }

  rowsOf(tenant: string): TenantRows {
    let rows = this.tenants.get(tenant)
    if (rows === undefined) {
      rows = { ledger: new Map(), entities: new Map(), losingSides: [], feed: [] }
      this.tenants.set(tenant, rows)
    }
    return rows
  }

  /** True when the ledger says that this operation, or the one it was to replace, took effect. */
  isApplied(tenant: string, id: OperationId): boolean {
    const row = this.tenants.get(tenant)?.ledger.get(id)
    if (row === undefined) return false
    const final = row.outcome.outcome === 'duplicate' ? row.outcome.first : row.outcome
    return final.outcome === 'applied'
  }

  /** True when this operation, or one that took its place since, took effect. */
  hasTakenEffect(tenant: string, id: OperationId): boolean {
    const rows = new Map<OperationId, LedgerRow>()
    const ledger = this.tenants.get(tenant)?.ledger
    if (ledger !== undefined) readWithSuccessors(ledger, id, rows)
    return [...rows.keys()].some((each) => this.isApplied(tenant, each))
  }

  /** The state of a thing now, or `undefined` when there is none. */
  stateOf(tenant: string, thing: string): Json | undefined {
    return this.tenants.get(tenant)?.entities.get(entityKey({ kind: 'thing', id: thing }))?.state
  }

  /** Answers a request to one of the doors. */
  async answer(path: string, session: SimSession | null, text: string, nowMs: number): Promise<SimResponse> {
    if (path === healthPath) return ours({ holdfast: protocolVersion, session })
    if (session === null) return refusal(problem('unauthenticated', 'Nobody is signed in'))
    const body: unknown = JSON.parse(text)
    const parsed = parseBatchRequest(body)
    if (parsed.fault !== undefined) {
      return refusal(problem('invalid-request', 'The batch cannot be read', { detail: parsed.fault.reason }))
    }
    const { tenant, user, operations } = parsed.value
    const isOther = tenant !== session.tenant || user !== session.user
    if (isOther && this.#mutation.skipsIdentityCheck !== true && this.#mutation.believesBody !== true) {
      return refusal(problem('wrong-identity', 'These operations belong to another session'))
    }
    const outcomes = await this.apply(
      this.#mutation.believesBody === true ? { tenant, user } : session,
      operations,
      nowMs,
      session,
    )
    const [only] = outcomes
    if (outcomes.length === 1 && only?.outcome === 'deferred' && problemCodeOf(only.problem) === 'internal') {
      return refusal(problem('internal', 'The server failed at this operation'))
    }
    return ours({ outcomes })
  }

  /** Applies operations in their order: all in one step, unless they refer to each other. */
  async apply(
    session: SimSession,
    received: readonly WireOperation[],
    nowMs: number,
    asker: SimSession = session,
  ): Promise<readonly OperationOutcome[]> {
    const types = [...this.#handlers.values()].map(nameOfHandler)
    this.#batches += 1
    const outcomes = new Map<OperationId, OperationOutcome>()
    let stoppedLanes: ReadonlySet<string> = new Set()
    for (const places of wavesOf(received)) {
      const wave = places.flatMap((place) => received[place] ?? [])
      const rows = new Map<OperationId, LedgerRow>()
      for (const id of idsReferredTo(wave)) readWithSuccessors(this.rowsOf(session.tenant).ledger, id, rows)
      const prepared = await prepareBatch(wave, { handlers: this.#handlers, user: session.user, rows })
      stoppedLanes = this.#applyWave(session, prepared, nowMs, stoppedLanes, outcomes)
    }
    const inOrder = received.flatMap(({ id }) => outcomes.get(id) ?? [])
    this.#onApplied({ session, asker, nowMs, types, operations: received, outcomes: inOrder })
    return inOrder
  }

  /** Nothing waits in here: this is the transaction. */
  #applyWave(
    session: SimSession,
    prepared: readonly PreparedOperation[],
    nowMs: number,
    stoppedBefore: ReadonlySet<string>,
    outcomes: Map<OperationId, OperationOutcome>,
  ): ReadonlySet<string> {
    const isIgnoring = this.#mutation.ignoresStoppedLanes === true
    const isTenth = this.#batches % 10 === 0
    let stoppedLanes = stoppedBefore
    for (const all of isIgnoring ? prepared.map((operation) => [operation]) : [prepared]) {
      const operations = this.#mutation.ignoresBases === true ? all.map(withoutBase) : all
      const rows = this.rowsOf(session.tenant)
      this.#prune(rows, nowMs)
      const known = new Map<OperationId, LedgerRow>()
      if (this.#mutation.forgetsLedger !== true) {
        for (const id of [...idsToClaim(operations), ...idsToRead(operations)])
          readWithSuccessors(rows.ledger, id, known)
      }
      const entities = new Map<string, StoredEntity>()
      for (const ref of entitiesToLoad(operations)) {
        const entity = rows.entities.get(entityKey(ref))
        if (entity !== undefined) entities.set(entityKey(ref), entity)
      }
      const context = { ...session, nowMs }
      const result = decideBatch({
        operations,
        ledger: known,
        entities,
        context,
        ...(!isIgnoring && { stoppedLanes }),
      })
      for (const outcome of result.outcomes) outcomes.set(outcome.id, outcome)
      stoppedLanes = result.stoppedLanes
      if (this.#mutation.losesCommits === true && isTenth) continue
      const own = new Set(operations.map(({ wire }) => wire.id))
      for (const [id, row] of this.#mutation.splitsTransaction === true && isTenth ? [] : result.ledger) {
        if (this.#mutation.forgetsTombstones !== true || own.has(id)) rows.ledger.set(id, row)
        this.#writtenAtMs.set(id, nowMs)
      }
      if (this.#mutation.recordsDeferred === true) recordDeferred(rows, operations, result.outcomes, session.user)
      for (const [id, successor] of this.#mutation.forgetsSuccessors === true ? [] : result.successors) {
        const row = rows.ledger.get(id)
        if (row !== undefined) rows.ledger.set(id, { ...row, successor })
      }
      for (const { ref, version, state, lastModifiedMs } of result.entities) {
        rows.entities.set(entityKey(ref), { version, state, lastModifiedMs })
      }
      const changes = result.entities.map(({ ref, version, state }) => ({ ...ref, version, deleted: state === null }))
      rows.feed.push(...changes.toSorted((left, right) => (entityKey(left) < entityKey(right) ? -1 : 1)))
      if (this.#mutation.forgetsLosingSides !== true) rows.losingSides.push(...result.losingSides)
    }
    return stoppedLanes
  }

  #prune({ ledger }: TenantRows, nowMs: number): void {
    const { prunesLedgerAfterMs: ageMs } = this.#mutation
    if (ageMs === undefined) return
    for (const id of ledger.keys()) if ((this.#writtenAtMs.get(id) ?? nowMs) < nowMs - ageMs) ledger.delete(id)
  }
}

/** A mutant's operation: made on whatever is there. */
function withoutBase({ wire, ...prepared }: PreparedOperation): PreparedOperation {
  const { base: _, ...rest } = wire
  return { ...prepared, wire: rest }
}

/** A mutant's ledger: a deferral is kept like a refusal. */
function recordDeferred(
  { ledger }: TenantRows,
  operations: readonly PreparedOperation[],
  outcomes: readonly OperationOutcome[],
  user: string,
): void {
  for (const [index, { wire, hash }] of operations.entries()) {
    const outcome = outcomes[index]
    if (outcome?.outcome !== 'deferred' || ledger.has(wire.id)) continue
    const { problem: why = problem('in-progress', 'Waits') } = outcome
    ledger.set(wire.id, { user, hash, outcome: { outcome: 'rejected', problem: why } })
  }
}

/** Tells a handler from those of other types and releases. */
export function nameOfHandler({ definition: { type, version } }: Handler): string {
  return `${type}@${version}`
}

/** The rows that the server's statement reads for an id: its own, and those of whatever took its place. */
function readWithSuccessors(
  ledger: ReadonlyMap<OperationId, LedgerRow>,
  id: OperationId,
  into: Map<OperationId, LedgerRow>,
): void {
  for (let next: OperationId | undefined = id; next !== undefined && !into.has(next);) {
    const row: LedgerRow | undefined = ledger.get(next)
    if (row === undefined) return
    into.set(next, row)
    next = row.successor
  }
}

/** An answer of ours. */
function ours(body: unknown): SimResponse {
  return { status: 200, mediaType: answerMediaType, text: JSON.stringify(body) }
}

/** One of our problems as an answer. */
function refusal(document: Problem): SimResponse {
  return { status: document.status, mediaType: problemMediaType, text: JSON.stringify(document) }
}
