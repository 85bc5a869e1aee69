// The door of `npm start`: reads the environment, starts the server, and stops it when it is told to. Prints one line
// `Field Desk ready: ADDRESS` when it serves, and one message when it cannot.
import { fileURLToPath } from 'node:url'
import type { Log } from '@holdfast/server'
import { demoAccounts, demoPassword } from './account-store.ts'
import { readConfig, type Config } from './config.ts'
import { startServer } from './server.ts'

const pagesFolder = fileURLToPath(new URL('../dist', import.meta.url))

const log: Log = ({ level, event, message, error }) => {
  if (level !== 'info')
    console.error(`${level} ${event}: ${message}${error === undefined ? '' : ` ${JSON.stringify(error)}`}`)
}

const reading = readConfig(process.env)
if ('faults' in reading) stopWith(reading.faults.join('\n'))
else await serve(reading.config)

async function serve(config: Config): Promise<void> {
  try {
    const { port, close } = await startServer(config, { log, pagesFolder })
    const people = demoAccounts.map(({ email }) => email).join(', ')
    console.log(`Sign in as ${people}; the password is "${demoPassword}". These accounts are for trying things out.`)
    console.log(`Field Desk ready: http://localhost:${port}`)
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(close))
  } catch (error) {
    stopWith(error instanceof Error ? error.message : String(error))
  }
}

async function stop(close: () => Promise<void>): Promise<void> {
  try {
    await close()
    process.exit(0)
  } catch (error) {
    stopWith(error instanceof Error ? error.message : String(error))
  }
}

function stopWith(message: string): void {
  console.error(`Field Desk cannot go on. ${message}`)
  process.exit(1)
}
