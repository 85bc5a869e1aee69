/**
 * `holdfast`: finds the command, gives it what it needs, and turns what comes of it into an exit code.
 *
 *   argv ─▶ --config, --help, --version ─▶ configuration ─▶ command ─▶ 0 done · 1 failed · 2 not understood
 */
import type { Database } from '../database/database.ts'
import { describeError, type Log } from '../log.ts'
import { jsonLog } from '../operate/json-log.ts'
import { readCall, type Call } from './call.ts'
import { UsageError, type Command, type CommandIo } from './command.ts'
import { deadLettersCommand } from './commands/dead-letters.ts'
import { doctorCommand } from './commands/doctor.ts'
import { migrateCommand } from './commands/migrate.ts'
import { serveCommand } from './commands/serve.ts'
import { workerCommand } from './commands/worker.ts'
import type { Configuration } from './configuration.ts'
import { helpOf, overview, type Commands } from './help.ts'
import { loadConfiguration } from './load-configuration.ts'
import { openConfigured } from './open-database.ts'

/** What the process gives. */
export type Surroundings = Pick<CommandIo, 'out' | 'err' | 'env' | 'workingFolder' | 'stopping'> & {
  /** This release. */
  readonly version: string
}

/** Runs one call and returns its exit code; never throws. */
export async function runCli(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { err } = surroundings
  try {
    return await answer(readCall(argv), surroundings)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    err(`holdfast: ${message}`)
    if (!(error instanceof UsageError)) return 1
    err('holdfast --help says what can be called.')
    return 2
  }
}

async function answer(call: Call, surroundings: Surroundings): Promise<number> {
  const { out, workingFolder, version } = surroundings
  if (call.wants === 'version') {
    out(version)
    return 0
  }
  const configuration = await loadConfiguration(workingFolder, call.config)
  const commands = commandsOf(configuration)
  if (call.wants === 'help' || call.name === undefined) {
    for (const line of overview(commands, configuration !== undefined)) out(line)
    if (call.wants === 'help') return 0
    throw new UsageError('A command is expected, got none.')
  }
  const command = Object.hasOwn(commands, call.name) ? commands[call.name] : undefined
  if (command === undefined) {
    throw new UsageError(`A command is expected: ${Object.keys(commands).join(', ')}. Got "${call.name}".`)
  }
  if (call.argv.some((word) => word === '--help' || word === '-h')) {
    for (const line of helpOf(call.name, command)) out(line)
    return 0
  }
  if (configuration === undefined) {
    throw new Error(
      'A configuration is expected: holdfast.config.ts or .js in this folder, or --config FILE. It exports `defineConfig({ database, … })` by default.',
    )
  }
  return runCommand(command, call.argv, configuration, surroundings)
}

/** The kit's commands and the configuration's; `help` needs none, so they are made from an empty one then. */
function commandsOf(configuration: Configuration | undefined): Commands {
  const given = configuration ?? { database: { folder: '' } }
  const own: Commands = {
    serve: serveCommand(given),
    worker: workerCommand(given),
    migrate: migrateCommand,
    doctor: doctorCommand(given),
    'dead-letters': deadLettersCommand,
  }
  const added = given.commands ?? {}
  const taken = Object.keys(added).find((name) => Object.hasOwn(own, name))
  if (taken !== undefined) throw new Error(`The command "${taken}" is the kit's own; give yours another name.`)
  return { ...own, ...added }
}

async function runCommand(
  command: Command,
  argv: readonly string[],
  configuration: Configuration,
  { out, err, env, workingFolder, stopping }: Surroundings,
): Promise<number> {
  const log = jsonLog(err)
  let opening: Promise<Database> | undefined
  const openDatabase = (): Promise<Database> => {
    opening ??= openConfigured(configuration.database, log)
    return opening
  }
  try {
    return await command.run(argv, { out, err, env, workingFolder, stopping, log, openDatabase })
  } finally {
    await closeQuietly(opening, log)
  }
}

/** What the command came to stands; a database that cannot even be closed is worth a line. */
async function closeQuietly(opening: Promise<Database> | undefined, log: Log): Promise<void> {
  const database = await opening?.catch(() => undefined)
  try {
    await database?.close()
  } catch (error) {
    log({
      level: 'warn',
      event: 'database-close-failed',
      message: 'The database could not be closed.',
      error: describeError(error),
    })
  }
}
