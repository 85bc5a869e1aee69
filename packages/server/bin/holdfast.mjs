#!/usr/bin/env node
// The door of `holdfast`: finds the Node and the code to run, and hands over.
//
// Installed from npm it runs the built code on the Node that called it. In a checkout it runs the TypeScript sources
// under the Node that the lockfile pins, whatever Node the machine has: then this file starts itself a second time.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 20) {
  fail(`Node 20 or newer is expected, this is ${process.versions.node}. Install a newer Node and run again.`)
}

const here = dirname(fileURLToPath(import.meta.url))
const fromSource = '--conditions=holdfast-source'
const source = join(here, '..', 'src', 'cli', 'main.ts')
// A checkout links its packages, and a link is followed before this file runs: only a real install is in node_modules.
const isInstalled = here.includes('node_modules')

if (isInstalled) await start(new URL('../dist/cli/main.js', import.meta.url))
else if (process.execArgv.includes(fromSource)) await start(new URL('../src/cli/main.ts', import.meta.url))
else startPinned()

/** @param {URL} main */
async function start(main) {
  /** @type {unknown} */
  const cli = await import(main.href)
  /** @type {unknown} */
  const run = typeof cli === 'object' && cli !== null ? Reflect.get(cli, 'main') : undefined
  if (typeof run === 'function') await Reflect.apply(run, undefined, [process.argv.slice(2)])
}

function startPinned() {
  const root = join(here, '..', '..', '..')
  const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (!existsSync(node) || !existsSync(source)) {
    fail(`the packages of this checkout are expected in ${join(root, 'node_modules')}. Run \`npm ci\` in ${root} once.`)
  }
  const child = spawn(node, [fromSource, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  // The terminal sends SIGINT to the whole process group, so the child has it already.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGTERM'))
  // npm ends on SIGTERM without telling anybody here. Without this look at the parent a server would be left running.
  const parent = process.ppid
  const lookAtParent = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(lookAtParent)
    child.kill('SIGTERM')
  }, 500)
  lookAtParent.unref()
  child.on('error', (error) => {
    fail(`${node} could not be started: ${error.message}`)
  })
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + (signal === null ? 1 : constants.signals[signal]))
  })
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  process.stderr.write(`holdfast: ${message}\n`)
  process.exit(1)
}
