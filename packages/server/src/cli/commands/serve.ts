/** `holdfast serve`: the configured app, or the doors of a sync server, until the process is told to end. */
import { once } from 'node:events'
import type { Database } from '../../database/database.ts'
import { notFound } from '../../http/door.ts'
import type { Metrics } from '../../operate/metrics.ts'
import { listenOnNode, type NodeServer } from '../../operate/node-server.ts'
import { createSyncServer } from '../../sync-server.ts'
import type { Command } from '../command.ts'
import type { Configuration, ServedApp, ServiceContext } from '../configuration.ts'
import { readOptions, wholeNumber, type Options } from '../options.ts'

const portDefault = 3000

/** Makes the command for a configuration. */
export function serveCommand(configuration: Configuration): Command {
  return {
    summary: 'serve until told to end (SIGTERM, SIGINT), then finish what is in hand',
    usage: '[--port N] [--host ADDRESS] [--metrics-port N]',
    help: [
      '--port goes before the configuration\'s "port"; 0 takes any free one.',
      '--metrics-port opens a second port on the loopback address alone, with /metrics for Prometheus.',
    ].join('\n'),
    run: async (argv, { out, log, stopping, openDatabase }) => {
      const options = readOptions(argv, { port: 'text', host: 'text', 'metrics-port': 'text' })
      const port = portOf(options, 'port') ?? configuration.port ?? portDefault
      const metricsPort = portOf(options, 'metrics-port')
      const host = options.text('host')
      const database = await openDatabase()
      const metrics = metricsPort === undefined ? undefined : await metricsOf(database)
      const observers = [...(configuration.observers ?? []), ...(metrics === undefined ? [] : [metrics.observer])]
      const app = await appOf(configuration, { database, log, stopping, observers })
      if (app.streams !== undefined) metrics?.look({ streams: app.streams })
      const server = await listenOnNode({
        fetch: app.fetch,
        port,
        ...(host !== undefined && { host }),
        ...(app.close !== undefined && { onClose: app.close }),
      })
      const scraped = await listenForScrapers(metrics, metricsPort)
      out(`holdfast serves on port ${server.port}`)
      if (scraped !== undefined) out(`metrics are at http://127.0.0.1:${scraped.port}/metrics`)
      log({ level: 'info', event: 'serving', message: `Serving on port ${server.port}.` })
      if (!stopping.aborted) await once(stopping, 'abort')
      await server.close()
      await scraped?.close()
      log({ level: 'info', event: 'stopped', message: 'Everything in hand was answered.' })
      return 0
    },
  }
}

function portOf(options: Options, name: string): number | undefined {
  const text = options.text(name)
  return text === undefined ? undefined : wholeNumber(name, text, 0, 65_535)
}

/** Loaded only where it is asked for: the library behind it is an optional peer. */
async function metricsOf(database: Database): Promise<Metrics> {
  try {
    const { createMetrics } = await import('../../operate/metrics.ts')
    return createMetrics({ pool: () => database.connections?.() })
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new Error('--metrics-port needs the package prom-client. Run `npm install prom-client`.', { cause: error })
  }
}

async function listenForScrapers(
  metrics: Metrics | undefined,
  port: number | undefined,
): Promise<NodeServer | undefined> {
  if (metrics === undefined || port === undefined) return undefined
  const fetch = (request: Request): Response | Promise<Response> =>
    new URL(request.url).pathname === '/metrics' ? metrics.answer() : notFound()
  return listenOnNode({ port, host: '127.0.0.1', fetch })
}

async function appOf(configuration: Configuration, context: ServiceContext): Promise<ServedApp> {
  const { app, handlers, authenticate, operations, allowedOrigins, webhooks } = configuration
  if (app !== undefined) return app(context)
  if (handlers === undefined || authenticate === undefined) {
    throw new Error(
      'The configuration has nothing to serve: "app" is expected, or "handlers" and "authenticate". Add one of them.',
    )
  }
  const { database, log, observers } = context
  const sync = createSyncServer({
    database,
    log,
    observers,
    handlers,
    authenticate,
    ...(operations !== undefined && { operations }),
    ...(webhooks !== undefined && { webhooks }),
    ...(allowedOrigins !== undefined && { allowedOrigins }),
  })
  const { routes, close, streams } = sync
  return { fetch: (request, env) => routes.fetch(request, env), close, streams }
}
