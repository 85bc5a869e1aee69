/** What the server is told by its environment, checked before anything is opened. */
import { resolve } from 'node:path'

/** The environment, as `process.env` gives it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Where the server listens and where its data is. */
export interface Config {
  /** 0 takes any free port. */
  readonly port: number
  /** Absolute path of the folder with the session key and, without `databaseUrl`, the database. */
  readonly dataFolder: string
  /** A PostgreSQL server; absent: a database of its own inside the data folder. */
  readonly databaseUrl: string | undefined
  /** False: papers are taken, and wait to be read. */
  readonly isReading: boolean
}

/** The configuration, or one sentence for each setting that cannot be used. */
export type ConfigReading = { readonly config: Config } | { readonly faults: readonly string[] }

const defaultPort = 3000
const defaultDataFolder = '.data'

/** Reads the settings `PORT`, `HOLDFAST_DATA`, `DATABASE_URL` and `OCR_ENABLED`; an empty one counts as absent. */
export function readConfig(environment: Environment): ConfigReading {
  const faults: string[] = []
  const port = settingOf(environment, 'PORT') ?? String(defaultPort)
  const isPort = /^\d{1,5}$/.test(port) && Number(port) <= 65_535
  if (!isPort) faults.push(`PORT is expected to be a whole number from 0 to 65535 (0: any free port), got "${port}".`)

  const databaseUrl = settingOf(environment, 'DATABASE_URL')
  if (databaseUrl !== undefined && !isPostgresUrl(databaseUrl)) {
    // The value is not repeated: it may hold a password.
    faults.push('DATABASE_URL is expected to be like postgres://user:password@host:5432/database.')
  }
  const enabled = settingOf(environment, 'OCR_ENABLED') ?? 'true'
  if (enabled !== 'true' && enabled !== 'false') {
    faults.push(`OCR_ENABLED is expected to be true or false, got "${enabled}".`)
  }
  const dataFolder = resolve(settingOf(environment, 'HOLDFAST_DATA') ?? defaultDataFolder)
  if (faults.length > 0) return { faults }
  return { config: { port: Number(port), dataFolder, databaseUrl, isReading: enabled === 'true' } }
}

function settingOf(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim()
  return value === '' ? undefined : value
}

function isPostgresUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'postgres:' || url.protocol === 'postgresql:') && url.hostname !== ''
}
