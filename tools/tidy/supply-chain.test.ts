import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { readProject } from './project.ts'
import { checkSupplyChain } from './supply-chain.ts'

const root = join(import.meta.dirname, '../..')
const say = (findings: ReturnType<typeof checkSupplyChain>): string[] =>
  findings.map(({ path, message }) => `${path}: ${message}`)

test('F100 a page runs nothing but this house, versions are exact, contents are fixed, and no script runs unasked', async () => {
  const { texts } = await readProject()
  const manifests = new Map([...texts].filter(([path]) => /(^|\/)package\.json$/.test(path)))
  expect(manifests.size).toBeGreaterThan(8)
  expect(say(checkSupplyChain(manifests, readFileSync(join(root, 'package-lock.json'), 'utf8')))).toEqual([])
})

describe('what a dependency could come in by is found', () => {
  const sound = { version: '1.0.0', integrity: 'sha512-a' }
  const found = (manifest: object, packages: object = {}, path = 'package.json'): string[] =>
    say(checkSupplyChain(new Map([[path, JSON.stringify(manifest)]]), JSON.stringify({ packages })))

  test.each(['^1.0.0', '1.x', 'latest', 'git+ssh://a/b.git', 'file:../a', ''])('a version that is "%s"', (version) => {
    expect(found({ devDependencies: { a: version } })).toHaveLength(1)
    expect(found({ overrides: { a: version } })).toHaveLength(1)
    expect(found({ peerDependencies: { a: version }, dependencies: { a: '1.0.0', b: '1.0.0-beta.1' } })).toEqual([])
  })

  test.each(['core', 'client', 'service-worker'])('anything foreign in %s, and not in the server', (name) => {
    const manifest = { dependencies: { '@holdfast/core': '0.1.0', idb: '8.0.0' } }
    expect(found(manifest, {}, `packages/${name}/package.json`)[0]).toContain('idb')
    expect(found(manifest, {}, 'packages/server/package.json')).toEqual([])
  })

  test('a script of ours that runs when we are installed', () => {
    expect(found({ scripts: { test: 'a', postinstall: 'b' } })[0]).toContain('postinstall')
  })

  test('a lockfile that is missing', () => {
    expect(say(checkSupplyChain(new Map(), undefined))[0]).toContain('is missing')
  })

  test('a locked package without its hash, or of no published version', () => {
    expect(found({}, { '': {}, 'node_modules/a': sound, 'node_modules/b': { link: true } })).toEqual([])
    expect(found({}, { 'node_modules/a': { version: '1.0.0' } })[0]).toContain('sha512')
    expect(found({}, { 'node_modules/a': { ...sound, integrity: 'sha1-a' } })[0]).toContain('sha512')
    expect(found({}, { 'node_modules/a': { ...sound, version: 'git#main' } })[0]).toContain('published')
  })

  test('an install script that nobody has judged', () => {
    const packages = { 'node_modules/x/node_modules/@a/b': { ...sound, hasInstallScript: true } }
    expect(found({}, packages)[0]).toContain('@a/b')
    expect(found({ allowScripts: { '@a/b': false } }, packages)).toEqual([])
  })
})
