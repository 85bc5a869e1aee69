/** `holdfast worker`: the configured worker, in a process of its own, until the process is told to end. */
import type { Command } from '../command.ts'
import type { Configuration } from '../configuration.ts'
import { readOptions } from '../options.ts'

/** Makes the command for a configuration. */
export function workerCommand({ worker, observers = [] }: Configuration): Command {
  return {
    summary: 'work on jobs until told to end; any number of workers may run',
    run: async (argv, { out, log, stopping, openDatabase }) => {
      readOptions(argv, {})
      if (worker === undefined) {
        throw new Error('The configuration has no work: a function "worker" is expected. Add it.')
      }
      const database = await openDatabase()
      out('holdfast works on jobs')
      await worker({ database, log, stopping, observers })
      return 0
    },
  }
}
