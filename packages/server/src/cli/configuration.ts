/**
 * The configuration of `holdfast`: a module that says what is served, by whom it is worked on, and where its data is.
 *
 *   holdfast.config.ts ─▶ import ─▶ findConfigurationFaults ─▶ Configuration
 */
import type { AnyOperationDefinition } from '@holdfast/core'
import type { Database } from '../database/database.ts'
import type { Handler } from '../handler.ts'
import type { Authenticate } from '../http/door.ts'
import type { JobHandler } from '../jobs/job-handler.ts'
import type { Log } from '../log.ts'
import type { Observer } from '../operate/observer.ts'
import type { WebhookEndpoint } from '../webhooks/webhook-endpoint.ts'
import type { Command } from './command.ts'

/** Where the data is: a PostgreSQL, or a PGlite in a folder (for trying things out). */
export type DatabaseLocation =
  | { readonly url: string; readonly connectionsMax?: number; readonly folder?: undefined }
  | { readonly folder: string; readonly url?: undefined }

/** What a service is started with. */
export interface ServiceContext {
  readonly database: Database
  readonly log: Log
  /** Aborted when the process is told to end. */
  readonly stopping: AbortSignal
  /** Who measures; to be given to `createSyncServer`. */
  readonly observers: readonly Observer[]
}

/** What answers requests. */
export interface ServedApp {
  /** Answers one request; `env` is the host's own, passed on as it came. */
  readonly fetch: (request: Request, env: object) => Response | Promise<Response>
  /** How many event streams are open, for metrics. */
  readonly streams?: () => number
  /** Ends what would never end by itself, such as event streams; called when the server stops taking requests. */
  readonly close?: () => Promise<void>
}

/** What `holdfast` is told. */
export interface Configuration {
  readonly database: DatabaseLocation
  /** Where `holdfast serve` listens; `--port` goes before. Default 3000; 0 takes any free port. */
  readonly port?: number
  /** The types that clients may send, as for `createSyncServer`. */
  readonly operations?: readonly AnyOperationDefinition[]
  /** With `authenticate`: `holdfast serve` serves the doors of a sync server. */
  readonly handlers?: readonly Handler[]
  readonly authenticate?: Authenticate
  readonly allowedOrigins?: readonly string[]
  /** More observers, such as `traceOperations()` of `@holdfast/server/tracing`. */
  readonly observers?: readonly Observer[]
  /** An app of your own around the sync server, in place of `handlers` and `authenticate`. */
  readonly app?: (context: ServiceContext) => Promise<ServedApp>
  /** What `holdfast worker` works at. */
  readonly jobs?: readonly JobHandler[]
  /** Who is told of applied operations; `holdfast worker` delivers. An `app` gives the same list to its sync server. */
  readonly webhooks?: readonly WebhookEndpoint[]
  /** In place of `jobs` and `webhooks`, a worker of your own: works until `stopping` is aborted, and ends when its work in hand is done. */
  readonly worker?: (context: ServiceContext) => Promise<void>
  /** More commands, by name. */
  readonly commands?: Readonly<Record<string, Command>>
}

/** Gives a configuration its type. */
export function defineConfig(configuration: Configuration): Configuration {
  return configuration
}

const known = [
  'database',
  'port',
  'operations',
  'handlers',
  'authenticate',
  'allowedOrigins',
  'observers',
  'jobs',
  'webhooks',
  'app',
  'worker',
  'commands',
]

/** Reads what a configuration module exports by default: the configuration, or a sentence for each fault. */
export function parseConfiguration(
  value: unknown,
): { readonly configuration: Configuration } | { readonly faults: readonly string[] } {
  const faults = findFaults(value)
  return faults.length === 0 && isConfiguration(value) ? { configuration: value } : { faults }
}

/** True for what has no fault: to be asked after {@link findFaults}. */
function isConfiguration(value: unknown): value is Configuration {
  return typeof value === 'object' && value !== null
}

function findFaults(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) {
    return [`a configuration is expected as the default export (see defineConfig), got ${nameOf(value)}`]
  }
  const faults: string[] = []
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) faults.push(`"${name}" is no setting; known are ${known.join(', ')}`)
  }
  const setting = (name: string): unknown => Reflect.get(value, name)
  faults.push(...databaseFaults(setting('database')))
  const port = setting('port')
  if (port !== undefined && !(Number.isInteger(port) && Number(port) >= 0 && Number(port) <= 65_535)) {
    faults.push(`"port" is expected to be a whole number from 0 to 65535, got ${shown(port)}`)
  }
  for (const name of ['operations', 'handlers', 'allowedOrigins', 'observers', 'jobs', 'webhooks']) {
    const list = setting(name)
    if (list !== undefined && !Array.isArray(list))
      faults.push(`"${name}" is expected to be an array, got ${nameOf(list)}`)
  }
  for (const name of ['authenticate', 'app', 'worker']) {
    const made = setting(name)
    if (made !== undefined && typeof made !== 'function') {
      faults.push(`"${name}" is expected to be a function, got ${nameOf(made)}`)
    }
  }
  if (setting('handlers') !== undefined && setting('authenticate') === undefined) {
    faults.push('"authenticate" is expected beside "handlers": a function from a request to its session or null')
  }
  if (setting('app') !== undefined && setting('handlers') !== undefined) {
    faults.push('"app" and "handlers" are both given; an app makes its own sync server, so keep one of them')
  }
  if (setting('worker') !== undefined && (setting('jobs') ?? setting('webhooks')) !== undefined) {
    faults.push('"worker" and "jobs" or "webhooks" are both given; a worker of your own runs its jobs itself')
  }
  return [...faults, ...commandFaults(setting('commands'))]
}

function databaseFaults(database: unknown): readonly string[] {
  const expected = '"database" is expected to be { url: "postgres://…" } or { folder: "…" }'
  if (typeof database !== 'object' || database === null) return [`${expected}, got ${nameOf(database)}`]
  const url: unknown = Reflect.get(database, 'url')
  const folder: unknown = Reflect.get(database, 'folder')
  if ((url === undefined) === (folder === undefined)) {
    return [`${expected}, got ${url === undefined ? 'neither' : 'both'}`]
  }
  // An address is never repeated: it may hold a password.
  if (url !== undefined && !isPostgresUrl(url)) {
    return ['"database.url" is expected to be like postgres://user:password@host:5432/database']
  }
  if (folder !== undefined && (typeof folder !== 'string' || folder === '')) {
    return [`"database.folder" is expected to be the path of a folder, got ${shown(folder)}`]
  }
  return []
}

function isPostgresUrl(url: unknown): boolean {
  return typeof url === 'string' && URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol)
}

function commandFaults(commands: unknown): readonly string[] {
  if (commands === undefined) return []
  if (typeof commands !== 'object' || commands === null) {
    return [`"commands" is expected to be an object of commands by name, got ${nameOf(commands)}`]
  }
  return Object.entries(commands).flatMap(([name, command]: [string, unknown]) => {
    if (!/^[a-z][a-z0-9-]*$/.test(name)) return [`the command "${name}" is expected to be named like "my-command"`]
    const isCommand =
      typeof command === 'object' &&
      command !== null &&
      typeof Reflect.get(command, 'summary') === 'string' &&
      typeof Reflect.get(command, 'run') === 'function'
    return isCommand
      ? []
      : [`the command "${name}" is expected to be { summary, run(argv, io) }, got ${nameOf(command)}`]
  })
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return value === undefined ? 'nothing' : `a value of type ${typeof value}`
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value) : nameOf(value)
}
