/** Takes a call of `holdfast` apart: its own options come before the command's name, the command's behind it. */
import { UsageError } from './command.ts'

/** What was called. */
export interface Call {
  readonly config: string | undefined
  readonly wants: 'help' | 'version' | 'command'
  /** The command's name; `undefined` when there was none. */
  readonly name: string | undefined
  /** What stands behind the name. */
  readonly argv: readonly string[]
}

/**
 * Reads a call.
 *
 * @throws UsageError for an option that is not known, or `--config` without a file
 */
export function readCall(argv: readonly string[]): Call {
  let config: string | undefined
  for (let place = 0; place < argv.length; place += 1) {
    const word = argv[place] ?? ''
    if (word === '--help' || word === '-h') return { config, wants: 'help', name: undefined, argv: [] }
    if (word === '--version') return { config, wants: 'version', name: undefined, argv: [] }
    if (word === '--config') {
      place += 1
      config = argv[place]
      if (config === undefined) throw new UsageError('--config is expected to be followed by a file, got nothing.')
    } else if (word.startsWith('--config=')) {
      config = word.slice('--config='.length)
    } else if (word.startsWith('-')) {
      throw new UsageError(
        `An option before the command is expected to be --config, --help or --version, got "${word}".`,
      )
    } else {
      return { config, wants: 'command', name: word, argv: argv.slice(place + 1) }
    }
  }
  return { config, wants: 'command', name: undefined, argv: [] }
}
