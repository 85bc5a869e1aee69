// One step of the checks: what it is, and how it is run. A step is one or more commands; their output is kept, not
// shown, until it turns out that somebody has to read it.
import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { type Counts, noTests } from './counts.ts'

/** What a step runs, what it waits for, and what it must show. */
export interface Step {
  name: string
  /** Commands that run one after the other; all run, even if one fails. The first word is a program of node_modules/.bin, or `node`. */
  commands: string[][]
  /** Names of the steps whose work this one uses. */
  after?: string[]
  /** How many cores the step keeps busy: the scheduler never promises more than there are. */
  cores: number
  /** The longest it may take, in ms; then it is ended and has failed. */
  timeoutMs: number
  env?: Record<string, string>
  /** Reads the report of its test runner. */
  counts?: () => Counts
  /** Says what is missing from the tests that ran, for steps that must run certain ones. */
  missing?: (counts: Counts) => string[]
}

/** What came of one step. */
export interface StepResult {
  name: string
  isOk: boolean
  tookMs: number
  counts: Counts
  output: string
  /** Why it failed, one sentence each. */
  reasons: string[]
}

/** Where the project lies, and where each step's output is kept. */
export interface Place {
  root: string
  logs: string
}

/** Runs a step to its end. It never rejects: whatever goes wrong is in the result. */
export async function runStep(step: Step, { root, logs }: Place, signal: AbortSignal): Promise<StepResult> {
  const startedAtMs = performance.now()
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(step.timeoutMs)])
  const reasons: string[] = []
  mkdirSync(logs, { recursive: true })
  const log = join(logs, `${step.name.replaceAll(/[^\w-]+/g, '-')}.log`)
  writeFileSync(log, '')
  let output = ''
  // Written as it comes, so that a person who waits can look at what a long step is doing.
  const keep = (text: string): void => {
    output += text
    appendFileSync(log, text)
  }
  for (const command of step.commands) {
    keep(`$ ${command.join(' ')}\n`)
    const reason = await runCommand(command, { root, env: step.env ?? {}, signal: deadline, keep })
    keep('\n')
    if (reason !== undefined) reasons.push(`${command.join(' ')}: ${reason}`)
    if (deadline.aborted) break
  }
  if (deadline.aborted && !signal.aborted) reasons.push(`it took longer than ${String(step.timeoutMs / 1000)} s`)

  const counts = readCounts(step, reasons)
  if (counts.failed > 0) reasons.push(`${String(counts.failed)} tests failed`)
  if (step.counts !== undefined && counts.passed + counts.failed === 0) reasons.push('no test was executed')
  reasons.push(...(step.missing?.(counts) ?? []))

  return {
    name: step.name,
    isOk: reasons.length === 0,
    tookMs: performance.now() - startedAtMs,
    counts,
    output,
    reasons,
  }
}

/** Removes what an earlier run left, so that an old report is never read as this run's. */
export function clearLogs({ logs }: Place): void {
  rmSync(logs, { recursive: true, force: true })
  mkdirSync(logs, { recursive: true })
}

function readCounts(step: Step, reasons: string[]): Counts {
  if (step.counts === undefined) return noTests
  try {
    return step.counts()
  } catch (error) {
    reasons.push(`its test report cannot be read: ${String(error)}`)
    return noTests
  }
}

interface CommandOptions {
  root: string
  env: Record<string, string>
  signal: AbortSignal
  keep: (text: string) => void
}

/** Runs one command to its end; answers why it failed, if it did. */
function runCommand(
  [name = '', ...args]: string[],
  { root, env, signal, keep }: CommandOptions,
): Promise<string | undefined> {
  const binaries = join(root, 'node_modules', '.bin')
  const program = name === 'node' ? process.execPath : join(binaries, name)
  return new Promise((resolve) => {
    // A group of its own: when the step is ended, so are the browsers and servers that it has started.
    const child = spawn(program, args, {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PATH: `${dirname(process.execPath)}:${binaries}:${process.env['PATH'] ?? ''}`,
        // NO_COLOR would say the same, but Playwright sets FORCE_COLOR for its workers, and Node then warns of both.
        FORCE_COLOR: '0',
        ...env,
      },
    })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => keep(String(chunk)))
    const end = (): void => endGroup(child.pid)
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, endedBy) => {
      signal.removeEventListener('abort', end)
      if (code === 0) resolve(undefined)
      else resolve(code === null ? `ended by ${String(endedBy)}` : `exit code ${String(code)}`)
    })
  })
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group is gone already.
  }
}
