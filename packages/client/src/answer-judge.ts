/**
 * Judging an answer: what it says of each entry of its batch, and what it teaches about the way. A batch that fails as a
 * whole is halved while the probe is green, until the operation that is to blame stands alone.
 */
import { problemCodeOf, type OperationId, type OperationOutcome, type Verdict } from '@holdfast/core'
import { everyOne, nothing, verdictsOf, type EntryVerdict } from './answer.ts'
import type { Clock } from './environment.ts'
import type { Gate } from './gate.ts'
import type { StatusBoard } from './status.ts'
import type { WindowEntry } from './window-entry.ts'

/** What an answer means for each entry of its batch; empty when it acknowledges nothing. */
export type BatchVerdict = ReadonlyMap<OperationId, EntryVerdict>

/** Judges answers. */
export class AnswerJudge {
  readonly #gate: Gate
  readonly #board: StatusBoard
  readonly #clock: Clock

  constructor(gate: Gate, board: StatusBoard, clock: Clock) {
    this.#gate = gate
    this.#board = board
    this.#clock = clock
  }

  /** Judges the answer to a batch; probes the way when it has failed. */
  async judge(verdict: Verdict, batch: readonly WindowEntry[], signal: AbortSignal): Promise<BatchVerdict> {
    switch (verdict.kind) {
      case 'answered':
        return this.#acknowledge(verdict.outcomes, batch)
      case 'unauthenticated':
        this.#gate.noteUnauthenticated(verdict.isWrongIdentity)
        return nothing
      case 'too-large':
        if (batch.length > 1) return this.#narrow(batch)
        return everyOne(batch, { kind: 'refused', reason: { kind: 'too-large' } })
      case 'refused': {
        if (batch.length > 1) return this.#narrow(batch)
        const { problem } = verdict
        if (problemCodeOf(problem) === 'conflict')
          return everyOne(batch, { kind: 'conflict', conflict: { outcome: 'conflict', problem } })
        return everyOne(batch, { kind: 'refused', reason: { kind: 'refused', problem } })
      }
      case 'unreachable':
        return this.#afterFailure(verdict, batch, signal)
      case 'foreign':
        return this.#afterFailure({ kind: 'unreachable', cause: 'proxy', isAboutServer: false }, batch, signal)
    }
  }

  #acknowledge(outcomes: readonly OperationOutcome[], batch: readonly WindowEntry[]): BatchVerdict {
    this.#gate.noteAnswer()
    this.#gate.pace.noteAnswer(batch)
    const verdicts = verdictsOf(outcomes, batch)
    const isProgress = [...verdicts.values()].some(({ event }) => event !== undefined)
    if (isProgress) {
      this.#gate.pace.noteProgress()
      this.#board.set({ acknowledgedAtMs: this.#clock.now() })
      return verdicts
    }
    // An answer that decides nothing must not be asked for again in a tight loop.
    this.#gate.pace.backOff(undefined)
    return nothing
  }

  /** The way failed for the whole batch: back off, and look whether one operation is to blame. */
  async #afterFailure(
    verdict: Extract<Verdict, { kind: 'unreachable' }>,
    batch: readonly WindowEntry[],
    signal: AbortSignal,
  ): Promise<BatchVerdict> {
    const { pace } = this.#gate
    if (verdict.isAboutServer || verdict.retryAfterMs !== undefined) {
      pace.backOff(verdict.retryAfterMs)
      return nothing
    }
    await this.#gate.probe(undefined, signal)
    if (signal.aborted || this.#gate.isDown) return nothing
    if (batch.length > 1) return this.#narrow(batch)
    const [only] = batch
    if (only === undefined) return nothing
    if (pace.noteLoneFailure(only.id) === 'way') return nothing
    const { cause, status } = verdict
    return everyOne(batch, { kind: 'failed', failure: { cause, ...(status !== undefined && { status }) } })
  }

  #narrow(batch: readonly WindowEntry[]): BatchVerdict {
    this.#gate.pace.narrow(batch)
    return nothing
  }
}
