/** `holdfast migrate`: brings the database to this release and says where it stands. */
import { migrationsKnown } from '../../database/migrations.ts'
import type { Command } from '../command.ts'
import { readOptions } from '../options.ts'

/** The command. */
export const migrateCommand: Command = {
  summary: "bring the database to this release's tables",
  help: 'Safe to run while servers run, and from several places at once: one of them does the work. Servers do the same when they start.',
  run: async (argv, { out, openDatabase }) => {
    readOptions(argv, {})
    await openDatabase()
    out(`The database is at migration ${migrationsKnown}, as this release expects.`)
    return 0
  },
}
