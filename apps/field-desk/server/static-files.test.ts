import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerWithFile, fileFor, readServedFiles, type ServedFiles } from './static-files.ts'

let folder = ''
let files: ServedFiles = new Map()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'field-desk-static-'))
  const dist = join(folder, 'dist')
  await mkdir(join(dist, 'assets'), { recursive: true })
  await mkdir(join(dist, '.sw'))
  await writeFile(join(folder, 'secret.js'), 'secret')
  await writeFile(join(dist, 'index.html'), '<!doctype html><title>Field Desk</title>')
  await writeFile(join(dist, 'sw.js'), 'worker')
  await writeFile(join(dist, '.sw', 'sw.js'), 'hidden')
  await writeFile(join(dist, 'assets', 'app-1a2b.js'), 'app '.repeat(500))
  await writeFile(join(dist, 'assets', 'app-1a2b.js.map'), '{}')
  files = await readServedFiles(dist)
})
afterAll(() => rm(folder, { recursive: true }))

const pageHeaders = { accept: 'text/html,*/*', 'sec-fetch-mode': 'navigate' }
const get = (path: string, headers: Record<string, string> = {}) =>
  fileFor(new Request(`http://desk.example${path}`, { headers }), files)

describe('no path leads out of the folder, or to what is hidden in it', () => {
  it.each([
    '/../secret.js',
    '/assets/../../secret.js',
    '/%2e%2e/secret.js',
    '/..%2fsecret.js',
    '/assets/..%5c..%5csecret.js',
    '//secret.js',
    '/.sw/sw.js',
    '/assets/app-1a2b.js.map',
    '/assets/',
    '/index.html%00.js',
  ])('%s', (path) => {
    expect(get(path)).toBeUndefined()
  })
})

it('gives the app for a page address, to a navigation alone', () => {
  expect(get('/sync', pageHeaders)).toBe(files.get('/index.html'))
  expect(get('/sync', { accept: '*/*', 'sec-fetch-mode': 'cors' })).toBeUndefined()
  expect(get('/api/nothing', pageHeaders)).toBeUndefined()
  expect(get('/assets/gone-3c4d.js', pageHeaders)).toBeUndefined()
})

it('lets only hashed names be kept without asking', () => {
  expect(files.get('/assets/app-1a2b.js')?.cacheControl).toContain('immutable')
  expect(files.get('/index.html')?.cacheControl).toBe('no-cache')
  expect(files.get('/sw.js')?.cacheControl).toBe('no-cache')
})

it('answers 304 to a browser that has the file, and compresses for one that can read it', async () => {
  const file = files.get('/assets/app-1a2b.js')
  if (file === undefined) throw new Error('the file is missing')
  const ask = (headers: Record<string, string>) =>
    answerWithFile(new Request('http://desk.example/x', { headers }), file)
  expect(ask({ 'if-none-match': `W/${file.etag}` }).status).toBe(304)
  expect(ask({ 'accept-encoding': 'br, gzip' }).headers.get('content-encoding')).toBe('gzip')
  expect(ask({}).headers.get('content-encoding')).toBeNull()
  expect(await ask({}).text()).toBe('app '.repeat(500))
})

it('says what to do when nothing was built', async () => {
  await expect(readServedFiles(join(folder, 'nowhere'))).rejects.toThrow(/npm start/)
})
