// The requirements: every row has a test that bears its name, or is open and says what it waits for.
import { expect, test } from 'vitest'

import { idsOfTests } from '../faults/fault-list.ts'
import { projectOf, readProject } from '../tidy/project.ts'
import { openRows } from './open-rows.ts'
import { lastRequirement, parseRequirements } from './requirement-list.ts'

const project = await readProject()
const rows = parseRequirements(project.texts.get('docs/requirements.md') ?? '')
const shown = idsOfTests(project, 'R')

test('every requirement is shown by a test, or is among the open ones', () => {
  const missing = rows.filter(({ id }) => !shown.has(id) && openRows[id] === undefined)
  expect(missing.map(({ id, what, where }) => `${id} (${where}) has no test that begins with it: ${what}`)).toEqual([])
})

test('a requirement that is shown is not among the open ones any more', () => {
  expect(
    Object.keys(openRows).filter((id) => shown.has(id)),
    'take these out of tools/requirements/open-rows.ts',
  ).toEqual([])
  expect(Object.keys(openRows).filter((id) => rows.every((row) => row.id !== id))).toEqual([])
})

test('what bears the name of a requirement bears one of the list', () => {
  expect([...shown].filter((id) => rows.every((row) => row.id !== id))).toEqual([])
})

const line = (id: string, rest = 'something | core'): string => `| ${id} | ${rest} |`
const whole = Array.from({ length: lastRequirement }, (_, nth) => line(`R${String(nth + 1).padStart(3, '0')}`))

test.each([
  ['a row is missing', whole.slice(1), 'R001 stands 0 times'],
  ['a row stands twice', [...whole, line('R007')], 'R007 stands 2 times'],
  ['a row has no place', [...whole.slice(1), line('R001', 'something | ')], 'a place'],
  ['a row is past the last', [...whole, line('R158')], 'only 157'],
])('the list cannot be read when %s', (_how, lines, complaint) => {
  expect(() => parseRequirements(lines.join('\n'))).toThrow(complaint)
})

test('ids of faults and promises may stand before or behind that of a requirement', () => {
  const texts = { 'a.test.ts': `test('F001 R002 I3 R004 it holds', () => {}); test('I10 R005 it holds', () => {})` }
  expect([...idsOfTests(projectOf(texts), 'R')]).toEqual(['R002', 'R004', 'R005'])
})
