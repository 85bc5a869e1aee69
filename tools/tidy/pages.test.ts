// Pages that people read: their links lead somewhere, and their examples import what is there.
import { posix } from 'node:path'

import { expect, test } from 'vitest'

import { member, readProject } from './project.ts'

const { texts } = await readProject()
const pages = [...texts].filter(([path]) => path.endsWith('.md'))

test('every link to a file of the project leads to one', () => {
  const broken = pages.flatMap(([path, text]) =>
    [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
      .map(([, target = '']) => posix.join(posix.dirname(path), target))
      .filter((target) => !texts.has(target) && ![...texts.keys()].some((known) => known.startsWith(`${target}/`)))
      .map((target) => `${path} names ${target}`),
  )
  expect(broken).toEqual([])
})

test('what an example imports from a package is exported there', () => {
  const wrong: string[] = []
  let count = 0
  for (const [path, text] of pages) {
    for (const [, names = '', name = '', face = ''] of text.matchAll(
      /import (?:type )?\{([^}]*)\} from '@holdfast\/([a-z-]+)((?:\/[a-z-]+)+)?'/g,
    )) {
      const manifest: unknown = JSON.parse(texts.get(`packages/${name}/package.json`) ?? '{}')
      const source = member(member(member(manifest, 'exports'), `.${face}`), 'holdfast-source')
      const exported = typeof source === 'string' ? texts.get(posix.join('packages', name, source)) : undefined
      for (const one of names.split(',').map((part) => part.replace(/^\s*type /, '').trim())) {
        count += 1
        if (one !== '' && !new RegExp(`\\b${one}\\b`).test(exported ?? ''))
          wrong.push(`${path}: ${one} of ${name}${face}`)
      }
    }
  }
  expect(wrong).toEqual([])
  expect(count).toBeGreaterThan(10)
})

test('R131 there is a page of good practice, and the README leads to it', () => {
  const page = texts.get('docs/good-practice.md') ?? ''
  expect([...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual([
    'Operations',
    'Pages',
    'The service worker',
    'The server',
    'Releases',
    'Tests',
  ])
  expect(texts.get('README.md')).toContain('](docs/good-practice.md)')
})
