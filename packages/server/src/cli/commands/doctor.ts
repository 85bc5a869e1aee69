/** `holdfast doctor`: looks at everything a server needs, changes nothing, and says what to do about what is wrong. */
import { existsSync } from 'node:fs'
import type { Database } from '../../database/database.ts'
import type { Log } from '../../log.ts'
import { examine, type Finding } from '../../operate/examination.ts'
import type { Command } from '../command.ts'
import type { Configuration, DatabaseLocation } from '../configuration.ts'
import { openConfigured } from '../open-database.ts'
import { readOptions } from '../options.ts'

/** Makes the command for a configuration. */
export function doctorCommand({ database }: Configuration): Command {
  return {
    summary: 'check database, migrations, roles, row-level security, clock, disk and versions',
    usage: '[--json]',
    help: 'Changes nothing. Exit code 1 when a check failed; warnings do not count.',
    run: async (argv, { out, log, workingFolder }) => {
      const isJson = readOptions(argv, { json: 'switch' }).isOn('json')
      const findings = await examine({
        open: () => openExisting(database, log),
        folder: database.folder ?? workingFolder,
        nowMs: Date.now,
      })
      for (const finding of findings) out(isJson ? JSON.stringify(finding) : lineOf(finding))
      return findings.some(({ state }) => state === 'failed') ? 1 : 0
    },
  }
}

/** An embedded database is made by whoever opens it first, which is not to be the doctor. */
function openExisting(location: DatabaseLocation, log: Log): Promise<Database> {
  if (location.folder !== undefined && !existsSync(location.folder)) {
    return Promise.reject(new Error(`There is none in ${location.folder} yet. Run \`holdfast migrate\`.`))
  }
  return openConfigured(location, log, { migrate: false })
}

function lineOf({ state, check, message }: Finding): string {
  return `${state.padEnd(7)} ${check.padEnd(18)} ${message}`
}
