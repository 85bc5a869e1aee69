// The door of every npm script: `node tools/run.mjs JOB [arguments]`.
//
// It runs on whatever Node >= 20 the machine has, sets up what the job needs (setup.mjs) and then runs the job itself
// under the Node that the lockfile pins. One process does both, because a shell that runs `setup && job` has already
// looked up `node` before set-up could put the pinned one in front, and `pre` scripts are skipped by `ignore-scripts`.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

// Sources of one package import those of another through this export condition, without a build in between.
const fromSource = '--conditions=holdfast-source'

/**
 * What each job runs, and what set-up must find for it beyond the packages.
 *
 * @type {Record<string, { args: string[], needs: { browsers: ('chromium' | 'firefox')[], postgres: boolean, webkit?: boolean }, env?: Record<string, string> }>}
 */
const jobs = {
  start: { args: [fromSource, 'tools/start.ts'], needs: { browsers: [], postgres: false } },
  test: { args: ['tools/check.ts'], needs: { browsers: ['chromium', 'firefox'], postgres: true } },
  'test:full': {
    args: ['tools/check.ts'],
    needs: { browsers: ['chromium', 'firefox'], postgres: true, webkit: true },
    env: { HOLDFAST_FULL: '1' },
  },
  simulate: { args: [fromSource, 'simulation/src/main.ts'], needs: { browsers: [], postgres: false } },
  kills: { args: [fromSource, 'e2e/crash/main.ts'], needs: { browsers: ['chromium', 'firefox'], postgres: false } },
  peers: { args: [fromSource, 'e2e/peers/main.ts'], needs: { browsers: ['chromium'], postgres: false } },
  'ocr:score': {
    args: ['packages/server/bin/holdfast.mjs', 'ocr-score'],
    needs: { browsers: [], postgres: false },
  },
  bench: { args: [fromSource, 'bench/src/main.ts'], needs: { browsers: ['chromium'], postgres: false } },
}

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 20) {
  console.error(`Node 20 or newer is expected, this is ${process.versions.node}. Install a newer Node and run again.`)
  process.exit(1)
}

const [name = '', ...rest] = process.argv.slice(2)
const job = jobs[name]
if (job === undefined) {
  console.error(`A job is expected: ${Object.keys(jobs).join(', ')}. Got: ${name === '' ? 'nothing' : name}.`)
  process.exit(1)
}

// Imported only now: an older Node should meet the sentence above, not a syntax error in another file.
const { setup } = await import('./setup.mjs')
const { node, env } = await setup(job.needs)

const binaries = join(root, 'node_modules', '.bin')
const inherited = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== binaries)
const child = spawn(node, [...job.args, ...rest], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, ...env, ...job.env, PATH: [dirname(node), binaries, ...inherited].join(delimiter) },
})

// The terminal sends SIGINT to the whole process group, so the job has it already; dying here first would give the
// prompt back while the job still shuts down.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => child.kill('SIGTERM'))
// A closed terminal is a wish to end in good order, like SIGTERM, and jobs need not know both.
process.on('SIGHUP', () => child.kill('SIGTERM'))

// npm answers SIGTERM by killing its own `sh -c` alone, which tells nobody here. Without this look at the parent the
// job would be left running: a server that holds its port and its data folder. It is told once: a job that is already
// shutting down may take a second SIGTERM as an order to drop everything.
const parent = process.ppid
const lookAtParent = setInterval(() => {
  if (process.ppid === parent) return
  clearInterval(lookAtParent)
  child.kill('SIGTERM')
}, 500)
lookAtParent.unref()

child.on('error', (error) => {
  console.error(`${name}: could not be started with ${node}: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  process.exit(code ?? 128 + (signal === null ? 1 : constants.signals[signal]))
})
