/** `holdfast serve`: the configured app, or the doors of a sync server, until the process is told to end. */
import { once } from 'node:events'
import { listenOnNode } from '../../operate/node-server.ts'
import { createSyncServer } from '../../sync-server.ts'
import type { Command } from '../command.ts'
import type { Configuration, ServedApp, ServiceContext } from '../configuration.ts'
import { readOptions, wholeNumber } from '../options.ts'

const portDefault = 3000

/** Makes the command for a configuration. */
export function serveCommand(configuration: Configuration): Command {
  return {
    summary: 'serve until told to end (SIGTERM, SIGINT), then finish what is in hand',
    usage: '[--port N] [--host ADDRESS]',
    help: '--port goes before the configuration\'s "port"; 0 takes any free one.',
    run: async (argv, { out, log, stopping, openDatabase }) => {
      const options = readOptions(argv, { port: 'text', host: 'text' })
      const text = options.text('port')
      const port = text === undefined ? (configuration.port ?? portDefault) : wholeNumber('port', text, 0, 65_535)
      const app = await appOf(configuration, { database: await openDatabase(), log, stopping })
      const host = options.text('host')
      const server = await listenOnNode({
        fetch: app.fetch,
        port,
        ...(host !== undefined && { host }),
        ...(app.close !== undefined && { onClose: app.close }),
      })
      out(`holdfast serves on port ${server.port}`)
      log({ level: 'info', event: 'serving', message: `Serving on port ${server.port}.` })
      if (!stopping.aborted) await once(stopping, 'abort')
      await server.close()
      log({ level: 'info', event: 'stopped', message: 'Everything in hand was answered.' })
      return 0
    },
  }
}

async function appOf(configuration: Configuration, context: ServiceContext): Promise<ServedApp> {
  const { app, handlers, authenticate, operations, allowedOrigins } = configuration
  if (app !== undefined) return app(context)
  if (handlers === undefined || authenticate === undefined) {
    throw new Error(
      'The configuration has nothing to serve: "app" is expected, or "handlers" and "authenticate". Add one of them.',
    )
  }
  const { database, log } = context
  const sync = createSyncServer({
    database,
    log,
    handlers,
    authenticate,
    ...(operations !== undefined && { operations }),
    ...(allowedOrigins !== undefined && { allowedOrigins }),
  })
  return { fetch: (request, env) => sync.routes.fetch(request, env), close: sync.close }
}
