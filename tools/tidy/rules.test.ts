// Each rule is shown to fail on the fewest lines that break it, and to pass beside them.
import { expect, test } from 'vitest'

import { checkArrows } from './arrows.ts'
import { conflictMarks } from './conflict-marks.ts'
import { checkDeadFiles } from './dead-files.ts'
import { checkDependencies } from './dependencies.ts'
import { checkDocumentation } from './documentation.ts'
import { checkDomainWords } from './domain-words.ts'
import { hints } from './hints.ts'
import { checkNames } from './names.ts'
import { type Finding, type Project, projectOf } from './project.ts'

/** Where a rule finds something in these texts, as `path:line`. */
const places = (check: (project: Project) => Finding[], texts: Record<string, string>): string[] =>
  check(projectOf(texts)).map(({ path, line }) => `${path}:${String(line)}`)

const manifest = (name: string, ...faces: string[]): Record<string, string> => ({
  [`packages/${name}/package.json`]: JSON.stringify({
    name: `@holdfast/${name}`,
    exports: Object.fromEntries(faces.map((face) => [face, { 'holdfast-source': face, default: './dist/x.js' }])),
  }),
})

test.each([
  ['packages/core/src/plan.ts', "import { openOutbox } from '@holdfast/client'"],
  ['packages/core/src/plan.test.ts', "import { createSyncServer } from '@holdfast/server'"],
  ['packages/client/src/drain.ts', "export type { Ledger } from '@holdfast/server'"],
  ['packages/client/src/drain.ts', "type Ledger = import('@holdfast/server').Ledger"],
  ['packages/server/src/app.ts', "const client = await import('@holdfast/client')"],
  ['packages/service-worker/src/sync.ts', "import { useOutbox } from '@holdfast/react'"],
  ['packages/react/src/hook.tsx', "import { installSync } from '@holdfast/service-worker'"],
  ['packages/domains/src/pos/handlers.ts', "import { openOutbox } from '@holdfast/client'"],
  ['packages/client/src/drain.ts', "import { plan } from '../../core/src/plan.ts'"],
  ['packages/client/src/drain.ts', "import { note } from '../../core/src/note.fixture.ts'"],
  ['packages/client/src/drain.test.ts', "import { database } from '../../server/src/database.fixture.ts'"],
  ['packages/client/src/drain.ts', "import { world } from '../../../simulation/src/world.ts'"],
  ['packages/client/src/drain.ts', "new Worker(new URL('../../../bench/src/main.ts', import.meta.url))"],
  ['packages/client/src/drain.ts', "import { world } from '@holdfast/simulation'"],
  ['apps/field-desk/src/main.tsx', "import { world } from '@holdfast/simulation'"],
  ['simulation/src/world.ts', "import { open } from '@holdfast/e2e'"],
  ['packages/client/src/drain.ts', "import { openOutbox } from './index.ts'"],
  ['packages/client/src/store/memory.ts', "import { openOutbox } from '../index.ts'"],
  ['packages/client/src/drain.ts', "import { openOutbox } from '@holdfast/client'"],
])('an import against the arrows is found: %s %s', (path, text) => {
  expect(places(checkArrows, { [path]: `// one line before\n${text}\n` })).toEqual([`${path}:2`])
})

test.each([
  ['packages/client/src/drain.ts', "import { plan } from '@holdfast/core'"],
  ['packages/client/src/drain.ts', "import { openDB } from 'idb'"],
  ['packages/client/src/drain.ts', "import type { Store } from './store/store.ts'"],
  ['packages/client/src/drain.ts', "// import { app } from '@holdfast/server'"],
  ['packages/client/src/drain.ts', 'const text = "import { app } from \'@holdfast/server\'"'],
  ['packages/core/src/readme.test.ts', "import { defineLane } from './index.ts'"],
  ['packages/domains/src/pos/handlers.ts', "import { on } from '@holdfast/server'"],
  ['packages/domains/src/pos/doors.test.ts', "import { databases } from '../../../server/src/databases.fixture.ts'"],
  ['apps/field-desk/server/main.ts', "import { posHandlers } from '@holdfast/domains/pos/handlers'"],
  ['e2e/server.ts', "const server = new URL('../apps/field-desk/server/main.ts', import.meta.url)"],
  ['e2e/order.spec.ts', "import { readFileSync } from 'node:fs'"],
  ['simulation/src/world.ts', "import { memoryDisk } from '../../packages/client/src/store/memory-store.ts'"],
])('an import along the arrows is not: %s %s', (path, text) => {
  expect(places(checkArrows, { [path]: text })).toEqual([])
})

test('what operations reach stays on core, by way of any file', () => {
  const texts = {
    ...manifest('domains', './src/pos/operations.ts', './src/pos/handlers.ts'),
    'packages/domains/src/pos/operations.ts': "import { total } from './total.ts'",
    'packages/domains/src/pos/total.ts': "import { on } from '@holdfast/server'",
    'packages/domains/src/pos/handlers.ts': "import { on } from '@holdfast/server'",
  }
  expect(places(checkArrows, texts)).toEqual(['packages/domains/src/pos/total.ts:1'])
})

test('a word of a trade is found in names, texts and comments, in any case and number', () => {
  const texts = {
    'packages/core/src/a.ts': '// settles\nconst paymentDoor = 1\n',
    'packages/client/src/b.test.ts': "test('sends Receipts', () => {})\n",
    'packages/server/README.md': '# Purpose\n\nSet OCR_ENABLED to false.\n',
    'packages/react/src/c.tsx': '// the technician waits\n',
    'packages/service-worker/src/d.ts': "const tag = 'sync-ocr-queue'\n",
  }
  expect(places(checkDomainWords, texts)).toEqual([
    'packages/core/src/a.ts:2',
    'packages/client/src/b.test.ts:1',
    'packages/server/README.md:3',
    'packages/react/src/c.tsx:1',
    'packages/service-worker/src/d.ts:1',
  ])
})

test('a word of a trade is at home in domains, apps, e2e and simulation, and is not found inside other words', () => {
  const texts = {
    'packages/domains/src/pos/operations.ts': 'const payment = 1\n',
    'apps/field-desk/src/main.tsx': 'const receipt = 1\n',
    'e2e/order.spec.ts': "test('takes a payment', () => {})\n",
    'simulation/src/world.ts': '// invoices\n',
    'packages/core/src/a.ts': 'const mediocre = process(order, cartesian, processOrder)\n',
  }
  expect(places(checkDomainWords, texts)).toEqual([])
})

test('a file that no public face reaches is dead, even if a test reaches it', () => {
  const texts = {
    ...manifest('client', './src/index.ts', './src/extra.ts'),
    'packages/client/src/index.ts': "export { open } from './open.ts'",
    'packages/client/src/open.ts': "import type { Store } from './store/store.ts'",
    'packages/client/src/store/store.ts': '',
    'packages/client/src/extra.ts': '',
    'packages/client/src/old.ts': '',
    'packages/client/src/old.test.ts': "import './old.ts'\nimport './clock.fixture.ts'",
    'packages/client/src/clock.fixture.ts': '',
  }
  expect(places(checkDeadFiles, texts)).toEqual(['packages/client/src/old.ts:0'])
})

const readme = { 'packages/core/README.md': '# core\n## Purpose\n## Exports\n## Example\n' }
const core = { ...manifest('core', './src/index.ts'), ...readme }

test('a public export without a doc comment is found where it is declared', () => {
  const texts = {
    ...core,
    'packages/core/src/index.ts': "export { plan, type Plan, limit, Lane, old as new } from './plan.ts'",
    'packages/core/src/plan.ts': [
      '/** The header of the file is not the doc of the first thing in it. */',
      '',
      'export function plan(): void {}',
      '/** What comes first. */',
      'export interface Plan {}',
      '// A comment of another kind.',
      'export const limit = 1',
      'class Lane {}',
      '/** Documented where it stands. */',
      'const old = 1',
      'export { Lane, old }',
      'export const notPublic = 1',
    ].join('\n'),
  }
  expect(places(checkDocumentation, texts)).toEqual([
    'packages/core/src/plan.ts:3',
    'packages/core/src/plan.ts:7',
    'packages/core/src/plan.ts:11',
  ])
})

test('a public face that is a file of its own is read like any other', () => {
  const texts = { ...manifest('core', './src/database/pglite.ts'), ...readme }
  const path = 'packages/core/src/database/pglite.ts'
  expect(places(checkDocumentation, { ...texts, [path]: 'export const open = 1' })).toEqual([`${path}:1`])
  expect(places(checkDocumentation, { ...texts, [path]: '/** Opens. */\nexport const open = 1' })).toEqual([])
  expect(places(checkDocumentation, texts)).toEqual([`${path}:0`])
})

test('an index with logic, with `export *` or with a name that nobody declares is found', () => {
  const at = 'packages/core/src/index.ts'
  const plan = { 'packages/core/src/plan.ts': '/** Plans. */\nexport const plan = 1' }
  expect(places(checkDocumentation, { ...core, ...plan, [at]: '/** A. */\nexport const a = 1' })).toEqual([`${at}:0`])
  expect(places(checkDocumentation, { ...core, ...plan, [at]: "export * from './plan.ts'" })).toEqual([`${at}:1`])
  expect(places(checkDocumentation, { ...core, ...plan, [at]: "export { gone } from './plan.ts'" })).toEqual([
    `${at}:1`,
  ])
  expect(places(checkDocumentation, { ...core, ...plan, [at]: "export { plan } from './plan.ts'" })).toEqual([])
})

test('a README that is missing, or misses a heading, is found', () => {
  const texts = { ...manifest('core', './src/index.ts'), 'packages/core/src/index.ts': '' }
  const path = 'packages/core/README.md'
  expect(places(checkDocumentation, texts)).toEqual([`${path}:0`])
  expect(places(checkDocumentation, { ...texts, [path]: '## Purpose\n## Example\n' })).toEqual([`${path}:0`])
  expect(places(checkDocumentation, { ...texts, ...readme })).toEqual([])
})

test('a dependency without its line, and a line without its dependency, are found', () => {
  const texts = {
    'package.json': JSON.stringify({ devDependencies: { knip: '1', vitest: '1' } }),
    'packages/client/package.json': JSON.stringify({ dependencies: { '@holdfast/core': '1', idb: '1' } }),
    'packages/server/package.json': JSON.stringify({ peerDependencies: { pg: '1' } }),
    'docs/dependencies.md': '| `knip` | why |\n| `idb`, `gone` | why |\n\nvitest and pg are only mentioned.\n',
  }
  expect(places(checkDependencies, texts)).toEqual([
    'package.json:0',
    'packages/server/package.json:0',
    'docs/dependencies.md:2',
  ])
})

test('a file that is named after no concept, or not in kebab-case, is found', () => {
  const texts = {
    'a/utils.ts': '',
    'a/types.test.ts': '',
    'a/DrainLoop.ts': '',
    'a/drain-loop.ts': '',
    'a/f001.ts': '',
  }
  expect(places(checkNames, texts)).toEqual(['a/utils.ts:0', 'a/types.test.ts:0', 'a/DrainLoop.ts:0'])
})

test('long files and functions are hinted at', () => {
  const lines = (count: number): string => '  // a line\n'.repeat(count)
  const texts = {
    'a/short.ts': `export function short() {\n${lines(68)}}\n`,
    'a/long-function.ts': `export const long = () => {\n${lines(69)}}\nclass A {\n  long() {\n${lines(69)}  }\n}\n`,
    'a/long-function.test.ts': `function long() {\n${lines(69)}}\n`,
    'a/long.ts': lines(401),
  }
  expect(places(hints, texts)).toEqual(['a/long-function.ts:1', 'a/long-function.ts:73', 'a/long.ts:0'])
})

test('the marks of an unfinished merge are found, a heading underlined with equals signs is not', () => {
  const side = (mark: string, name: string): string => `${mark.repeat(7)} ${name}`
  const text = ['Heading', '=======', side('<', 'ours'), 'a', side('|', 'base'), '=======', 'b', side('>', 'theirs')]
  expect(conflictMarks('README.md', text.join('\n')).map(({ line }) => line)).toEqual([3, 5, 8])
  expect(conflictMarks('README.md', 'Heading\n=======\n>>> quoted\n')).toEqual([])
})
