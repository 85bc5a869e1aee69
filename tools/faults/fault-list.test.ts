// The fault list: every row that the simulation or a browser can show is shown by something that bears its name.
import { expect, test } from 'vitest'

import { projectOf, readProject } from '../tidy/project.ts'
import { idsOfSimulation, idsOfTests, lastFault, parseFaultList } from './fault-list.ts'
import { openRows } from './open-rows.ts'

const project = await readProject()
const rows = parseFaultList(project.texts.get('docs/faults.md') ?? '')
const shown = new Set([...idsOfTests(project), ...idsOfSimulation(project.texts.get('simulation/src/faults.ts') ?? '')])

test('every row of the fault list is shown, or is among the open ones', () => {
  const missing = rows.filter(({ id }) => !shown.has(id) && openRows[id] === undefined)
  expect(
    missing.map(
      ({ id, what, instruments }) => `${id} (${instruments.join(' ')}) has no test that begins with it: ${what}`,
    ),
  ).toEqual([])
})

test('a row that is shown is not among the open ones any more', () => {
  expect(
    Object.keys(openRows).filter((id) => shown.has(id)),
    'take these out of tools/faults/open-rows.ts',
  ).toEqual([])
  expect(Object.keys(openRows).filter((id) => rows.every((row) => row.id !== id))).toEqual([])
})

test('what bears the name of a fault bears one of the list', () => {
  expect([...shown].filter((id) => rows.every((row) => row.id !== id))).toEqual([])
})

const line = (id: string, rest = 'something | I1 | S'): string => `| ${id} | ${rest} |`
const whole = Array.from({ length: lastFault }, (_, nth) => line(`F${String(nth + 1).padStart(3, '0')}`))

test.each([
  ['a row is missing', whole.slice(1), 'F001 stands 0 times'],
  ['a row stands twice', [...whole, line('F007')], 'F007 stands 2 times'],
  ['a row has no promise', [...whole.slice(1), line('F001', 'something |  | S')], 'promises'],
  ['an instrument is none', [...whole.slice(1), line('F001', 'something | I1 | S X')], 'X'],
])('the list cannot be read when %s', (_how, lines, complaint) => {
  expect(() => parseFaultList(lines.join('\n'))).toThrow(complaint)
})

test('only the beginning of a name counts, and only in files of tests', () => {
  const texts = {
    'a.test.ts': `test('F001 F002 it holds', () => {}); test("it is not F003", () => {}); it(\`F004 \${1}\`, () => {})`,
    'b.spec.ts': `test('R001 F005 it holds', () => {})`,
    'c.contract.ts': `test('F006 it holds', () => {})`,
    'd.ts': `const name = 'F007 is a word'`,
  }
  expect([...idsOfTests(projectOf(texts))]).toEqual(['F001', 'F002', 'F004', 'F005', 'F006'])
})

test('kinds of simulated faults name their rows', () => {
  expect([...idsOfSimulation(`export const faults = {\n  'tab-killed': ['F001', 'F010'],\n}`)]).toEqual([
    'F001',
    'F010',
  ])
})
