// The fault list as a table of docs/faults.md, and who shows its rows: tests by their names, and the kinds of faults
// that the simulation says it injects.
import type { Project } from '../tidy/project.ts'

/** A row of the fault list. */
export interface FaultRow {
  readonly id: string
  readonly what: string
  readonly promises: readonly string[]
  /** S simulation, B browser, R server, F fuzzing, CI a check of the house. */
  readonly instruments: readonly string[]
}

/** The last id of the list; each from F001 on stands there once. */
export const lastFault = 100

const instruments: ReadonlySet<string> = new Set(['S', 'B', 'R', 'F', 'CI'])

/**
 * Reads the table.
 *
 * @throws RangeError when a row is missing, stands twice or cannot be read
 */
export function parseFaultList(text: string): readonly FaultRow[] {
  const rows: FaultRow[] = []
  for (const line of text.split('\n')) {
    if (!/^\| *F\d/.test(line)) continue
    const [id = '', what = '', promises = '', letters = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim())
    const row = { id, what, promises: promises.split(' '), instruments: letters.split(' ') }
    if (!/^F\d{3}$/.test(id) || what === '' || !row.promises.every((promise) => /^I\d+$/.test(promise))) {
      throw new RangeError(`A row needs an id, words, promises and instruments: "${line}".`)
    }
    const strange = row.instruments.find((letter) => !instruments.has(letter))
    if (strange !== undefined) throw new RangeError(`${id} names an instrument that there is not: ${strange}.`)
    rows.push(row)
  }
  for (let nth = 1; nth <= lastFault; nth += 1) {
    const id = `F${String(nth).padStart(3, '0')}`
    const count = rows.filter((row) => row.id === id).length
    if (count !== 1) throw new RangeError(`${id} stands ${count} times in the fault list; it must stand once.`)
  }
  return rows
}

const isFaultTest = (path: string): boolean => /\.(test|contract|spec|browser)\.tsx?$/.test(path)

/** The ids with which names of tests begin: `test('F012 …')`, or several in a row; F for faults, R for requirements. */
export function idsOfTests(project: Project, letter: 'F' | 'R' = 'F'): ReadonlySet<string> {
  const ids = new Set<string>()
  for (const [path, text] of project.texts) {
    // The tests of this very list name rows without showing them.
    if (!isFaultTest(path) || /^tools\/(faults|requirements)\//.test(path)) continue
    for (const [, named = ''] of text.matchAll(/['"`]((?:(?:[FR]\d{3}|I\d{1,2}) )+)/g)) {
      for (const [id] of named.matchAll(/[FR]\d{3}/g)) if (id.startsWith(letter)) ids.add(id)
    }
  }
  return ids
}

/** The ids that kinds of simulated faults claim. */
export function idsOfSimulation(text: string): ReadonlySet<string> {
  const ids = new Set<string>()
  for (const [, claimed = ''] of text.matchAll(/^ {2}'[a-z0-9-]+': \[([^\]]*)\]/gm)) {
    for (const [id] of claimed.matchAll(/F\d{3}/g)) ids.add(id)
  }
  return ids
}
