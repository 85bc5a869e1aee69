// The rules, run over the real project.
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { checkArrows } from './arrows.ts'
import { conflictMarksIn } from './conflict-marks.ts'
import { checkDeadFiles } from './dead-files.ts'
import { checkDependencies } from './dependencies.ts'
import { checkDocumentation } from './documentation.ts'
import { checkDomainWords } from './domain-words.ts'
import { hints } from './hints.ts'
import { checkNames } from './names.ts'
import { type Finding, packageNames, readProject } from './project.ts'

const project = await readProject()
const say = ({ path, line, message }: Finding): string => `${path}${line === 0 ? '' : `:${String(line)}`} ${message}`

test('every package was read', () => {
  for (const name of packageNames) {
    expect([...project.sources.keys()].filter((path) => path.startsWith(`packages/${name}/src/`))).not.toEqual([])
  }
})

test.each([
  ['imports follow the arrows of the house', checkArrows],
  ['no word of a trade stands outside domains and apps', checkDomainWords],
  ['every source file is reached from a public face', checkDeadFiles],
  ['every public export has a doc comment, and every package a README', checkDocumentation],
  ['every dependency has its line', checkDependencies],
  ['every file is named after a concept', checkNames],
])('%s', (_claim, check) => {
  expect(check(project).map(say)).toEqual([])
})

test('no file holds the marks of an unfinished merge', () => {
  expect(conflictMarksIn(join(import.meta.dirname, '../..')).map(say)).toEqual([])
})

test('long files and functions are listed as hints', () => {
  for (const hint of hints(project)) console.log(`hint: ${say(hint)}`)
})
