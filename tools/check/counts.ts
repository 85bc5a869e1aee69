// How many tests a step ran, read from the report that its test runner wrote. A report says what was executed, where an
// exit code only says that nothing was found wrong: a folder whose tests are not found at all is "not wrong" as well.
import { readFileSync } from 'node:fs'

/** What came of the tests of one step. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
  /** The files that held at least one executed test, as absolute paths. */
  files: string[]
  /** The full names of all executed tests. */
  names: string[]
}

/** No tests at all: what a step without a test runner counts. */
export const noTests: Counts = { passed: 0, failed: 0, skipped: 0, files: [], names: [] }

/** Reads the file that `vitest --reporter=json` wrote; throws if it is missing or has another shape. */
export function vitestCounts(reportFile: string): Counts {
  return countVitest(readJson(reportFile))
}

/** Reads the file that Playwright's `json` reporter wrote; throws if it is missing or has another shape. */
export function playwrightCounts(reportFile: string): Counts {
  return countPlaywright(readJson(reportFile))
}

/** Counts the tests of a vitest report. A skipped or a todo test counts as skipped. */
export function countVitest(report: unknown): Counts {
  const counts: Counts = { ...noTests, files: [], names: [] }
  for (const file of list(report, 'testResults')) {
    const before = counts.passed + counts.failed
    for (const test of list(file, 'assertionResults')) {
      const status = text(test, 'status')
      if (status === 'passed') counts.passed += 1
      else if (status === 'failed') counts.failed += 1
      else counts.skipped += 1
      if (status === 'passed' || status === 'failed') counts.names.push(text(test, 'fullName'))
    }
    if (counts.passed + counts.failed > before) counts.files.push(text(file, 'name'))
  }
  return counts
}

/** Counts the tests of a Playwright report, once per browser. A flaky test counts as failed: nothing is retried here. */
export function countPlaywright(report: unknown): Counts {
  const counts: Counts = { ...noTests, files: [], names: [] }
  for (const suite of list(report, 'suites')) countSuite(suite, [], counts)
  return counts
}

function countSuite(suite: unknown, outer: string[], counts: Counts): void {
  const titles = [...outer, text(suite, 'title')]
  for (const inner of optionalList(suite, 'suites')) countSuite(inner, titles, counts)
  for (const spec of optionalList(suite, 'specs')) {
    for (const test of list(spec, 'tests')) {
      const status = text(test, 'status')
      if (status === 'skipped') {
        counts.skipped += 1
        continue
      }
      if (status === 'expected') counts.passed += 1
      else counts.failed += 1
      counts.names.push([`[${text(test, 'projectName')}]`, ...titles, text(spec, 'title')].join(' '))
      const file = text(spec, 'file')
      if (!counts.files.includes(file)) counts.files.push(file)
    }
  }
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

function list(value: unknown, key: string): unknown[] {
  const found = field(value, key)
  if (!Array.isArray(found)) throw new Error(`a test report with a list "${key}" is expected, got ${typeof found}`)
  return found
}

function optionalList(value: unknown, key: string): unknown[] {
  return field(value, key) === undefined ? [] : list(value, key)
}

function text(value: unknown, key: string): string {
  const found = field(value, key)
  if (typeof found !== 'string') throw new Error(`a test report with a text "${key}" is expected, got ${typeof found}`)
  return found
}
