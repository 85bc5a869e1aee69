/**
 * What `holdfast` runs here: Field Desk's server on the database that the environment names (server/config.ts). The
 * parts are loaded by the command that needs them.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ocrCommand, ocrScoreCommand } from '@holdfast/domains/ocr/command'
import { defineConfig, type Configuration } from '@holdfast/server/cli'
import { readConfig } from './server/config.ts'

const reading = readConfig(process.env)
if ('faults' in reading) throw new Error(reading.faults.join(' '))
const { port, dataFolder, databaseUrl, isReading } = reading.config

const configuration: Configuration = defineConfig({
  database: databaseUrl === undefined ? { folder: join(dataFolder, 'db') } : { url: databaseUrl },
  port,
  app: async ({ database, log, observers }) => {
    const { assemble } = await import('./server/server.ts')
    const { readServedFiles } = await import('./server/static-files.ts')
    const files = await readServedFiles(fileURLToPath(new URL('dist', import.meta.url)))
    return assemble({ dataFolder, isReading }, database, files, log, observers)
  },
  worker: async ({ database, log, stopping }) => {
    const { workHere } = await import('./server/work-here.ts')
    await workHere({ database, log, stopping, dataFolder, isReading })
  },
  commands: { ocr: ocrCommand(), 'ocr-score': ocrScoreCommand() },
})

export default configuration
