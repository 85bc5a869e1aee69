/**
 * A command of `holdfast`: what the kit brings (`serve`, `worker`, `migrate`, `doctor`, `dead-letters`) and what a
 * configuration adds under `commands` have the same form.
 */
import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'

/** What a command may use of the world. */
export interface CommandIo {
  /** Writes a line to the output: what the command is asked for. */
  readonly out: (line: string) => void
  /** Writes a line to the error output: what a person should know besides. */
  readonly err: (line: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where the command was called. */
  readonly workingFolder: string
  /** Aborted when the process is told to end; a command that runs for long then ends in good order. */
  readonly stopping: AbortSignal
  readonly log: Log
  /** The configured database, migrated and checked: the same at every call, closed when the command has ended. */
  readonly openDatabase: () => Promise<Database>
}

/** A command. Its name is its key in the registry: lower case letters, digits and `-`. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string
  /** What stands behind the name in a call, such as `FILE...` or `[--limit N]`. */
  readonly usage?: string
  /** More for `holdfast NAME --help`. */
  readonly help?: string
  /**
   * Runs with what stands behind the command's name and returns the exit code: 0 done, 1 failed. `--help` never comes
   * here.
   *
   * @throws UsageError when the call is wrong (exit code 2); any other error is exit code 1 with its message
   */
  readonly run: (argv: readonly string[], io: CommandIo) => Promise<number>
}

/** A call that cannot be understood; its message says what was expected and what came. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
