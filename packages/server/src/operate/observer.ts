/**
 * What a server tells whoever measures it: after the fact, without payloads. Metrics and tracing are observers; so is
 * whatever an operator hangs in. An observer must not throw and must not wait.
 */
import type { OperationOutcome, WireOperation } from '@holdfast/core'

/** A batch that was applied, or part of one; whatever door it came through. */
export interface AppliedBatch {
  readonly tenant: string
  readonly operations: readonly WireOperation[]
  readonly outcomes: readonly OperationOutcome[]
  readonly startedAtMs: number
  readonly endedAtMs: number
  /** The type of an operation when this server handles it, else `unknown`: what clients invent names no series. */
  readonly typeOf: (operation: WireOperation) => string
}

/** What a device says of itself with each batch. */
export interface DeviceReport {
  readonly tenant: string
  readonly device: string
  /** Entries that it still holds, those of the batch included. */
  readonly pending: number
  readonly oldestAgeMs: number
}

/** Hears what a server does. */
export interface Observer {
  readonly applied?: (batch: AppliedBatch) => void
  /** A device has sent a batch. */
  readonly reported?: (report: DeviceReport) => void
  /** A request was answered; `path` is the route, not the address. */
  readonly answered?: (request: { readonly path: string; readonly status: number; readonly durationMs: number }) => void
}

/** One observer that tells several. */
export function tellAll(observers: readonly Observer[]): Required<Observer> {
  return {
    applied: (batch) => {
      for (const observer of observers) observer.applied?.(batch)
    },
    reported: (report) => {
      for (const observer of observers) observer.reported?.(report)
    },
    answered: (request) => {
      for (const observer of observers) observer.answered?.(request)
    },
  }
}
