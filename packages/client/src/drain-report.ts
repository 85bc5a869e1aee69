/** What a drain came to, per type. */
import type { OperationId } from '@holdfast/core'

/** Why an entry was not applied in a drain. */
export interface DrainError {
  readonly id: OperationId
  /** A problem code, or the cause of the failure. */
  readonly code: string
  /** For people. */
  readonly message: string
  readonly attempts: number
}

/** What a drain came to for one type. */
export interface TypeReport {
  readonly synced: readonly OperationId[]
  /** Entries whose attempt failed; they are held, not lost. */
  readonly failed: readonly OperationId[]
  /** Entries of the type that are still to be sent. */
  readonly remaining: number
  readonly errors: readonly DrainError[]
}

/** What a drain came to, by type. Types with nothing to report are left out. */
export type DrainReport = { readonly [type: string]: TypeReport }
