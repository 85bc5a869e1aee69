/** The one error class of Holdfast: what a caller did that cannot work, with a code to branch on. */

/** Every code that a {@link SyncError} can have. */
export type SyncErrorCode =
  /** The payload does not match the operation's schema, or is not JSON that can be stored. */
  | 'invalid-payload'
  /** A definition (type, lane, policy) is not usable. */
  | 'invalid-definition'
  /** The operation's type is not among those the outbox was opened with. */
  | 'unknown-type'
  /** No entry has this id. */
  | 'unknown-entry'
  /** The entry is in a state in which this act makes no sense. */
  | 'illegal-act'
  /** The device has no room; nothing was stored. */
  | 'quota'
  /** The database is missing, broken or stays closed; nothing was stored. */
  | 'storage'
  /** It was stored, but whether it stays readable could not be confirmed. Entered again, it might be applied twice. */
  | 'unconfirmed'
  /** Another tab keeps an older database open and does not give way; nothing was stored. */
  | 'blocked'
  /** The operation is larger than the outbox takes; nothing was stored. */
  | 'too-large'
  /** The database was written by a newer release of the app. */
  | 'newer-database'
  /** The outbox is closed. */
  | 'closed'
  /** Another leader has taken over; what this one wanted to write was not written. */
  | 'fenced'

/** An expectation that a caller broke, or a resource that is not to be had. The message says what to do. */
export class SyncError extends Error {
  override readonly name = 'SyncError'
  /** The machine-readable reason. */
  readonly code: SyncErrorCode
  /** Figures that belong to it. With `quota`: `usageBytes` and `quotaBytes`, where the browser says them. */
  readonly details: Readonly<Record<string, number>>

  constructor(
    code: SyncErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, number>> } = {},
  ) {
    super(message, options)
    this.code = code
    this.details = options.details ?? {}
  }
}
