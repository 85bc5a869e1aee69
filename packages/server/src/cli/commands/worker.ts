/** `holdfast worker`: works on jobs in a process of its own, until the process is told to end. */
import { once } from 'node:events'
import { runWorker } from '../../jobs/run-worker.ts'
import { webhookHandler } from '../../webhooks/deliver-webhook.ts'
import { readOptions, wholeNumber } from '../options.ts'
import type { Command } from '../command.ts'
import type { Configuration, ServiceContext } from '../configuration.ts'

const attemptsMost = 64

/** Makes the command for a configuration. */
export function workerCommand(configuration: Configuration): Command {
  const { worker, jobs = [], webhooks = [], observers = [] } = configuration
  return {
    summary: 'work on jobs until told to end; any number of workers may run',
    usage: '[--attempts N]',
    help: '--attempts is how many jobs it works at once; by default 1.',
    run: async (argv, { out, log, stopping, openDatabase }) => {
      const text = readOptions(argv, { attempts: 'text' }).text('attempts')
      const attemptsMax = text === undefined ? 1 : wholeNumber('attempts', text, 1, attemptsMost)
      const handlers = [...jobs, ...(webhooks.length === 0 ? [] : [webhookHandler(webhooks)])]
      if (worker === undefined && handlers.length === 0) {
        throw new Error('The configuration has no work: "jobs", "webhooks" or a function "worker" is expected. Add it.')
      }
      const context: ServiceContext = { database: await openDatabase(), log, stopping, observers }
      out('holdfast works on jobs')
      if (worker === undefined) await workAt(handlers, attemptsMax, context)
      else await worker(context)
      return 0
    },
  }
}

async function workAt(
  handlers: Parameters<typeof runWorker>[0]['handlers'],
  attemptsMax: number,
  { database, log, stopping }: ServiceContext,
): Promise<void> {
  const working = runWorker({ database, handlers, attemptsMax, log })
  if (!stopping.aborted) await once(stopping, 'abort')
  await working.stop()
}
