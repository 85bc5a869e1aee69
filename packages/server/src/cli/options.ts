/** Reads the options of a command, strictly: what is not known is refused with a sentence. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { UsageError } from './command.ts'

/** What was given: by option its text, or `true` for a switch; and the rest in its order. */
export interface Options {
  readonly text: (name: string) => string | undefined
  readonly isOn: (name: string) => boolean
  readonly rest: readonly string[]
}

/**
 * Reads `--name value`, `--switch` and plain words.
 *
 * @throws UsageError for an unknown option, a missing value, or words where none are taken
 */
export function readOptions(
  argv: readonly string[],
  known: Readonly<Record<string, 'text' | 'switch'>>,
  takesWords = false,
): Options {
  const options: NonNullable<ParseArgsConfig['options']> = {}
  for (const [name, kind] of Object.entries(known)) options[name] = { type: kind === 'text' ? 'string' : 'boolean' }
  const { values, positionals } = parse(argv, options)
  const [word] = positionals
  if (word !== undefined && !takesWords) throw new UsageError(`No further words are expected, got "${word}".`)
  return {
    text: (name) => {
      const value = values[name]
      return typeof value === 'string' ? value : undefined
    },
    isOn: (name) => values[name] === true,
    rest: positionals,
  }
}

function parse(argv: readonly string[], options: NonNullable<ParseArgsConfig['options']>) {
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: true })
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new UsageError(error.message)
  }
}

/**
 * Reads a whole number from an option's text.
 *
 * @throws UsageError when it is none, or out of bounds
 */
export function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new UsageError(`--${name} is expected to be a whole number from ${least} to ${most}, got "${text}".`)
}
