import { batchPath, healthPath, SyncError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { addNote } from './note.fixture.ts'
import { intercept } from './routes.ts'

const origin = 'https://app.example'
const routes = intercept({ 'POST /api/notes': addNote, 'PUT /api/notes/pinned': addNote })

describe('R039 R040 routes', () => {
  test('a write with exactly the method and path is found', () => {
    expect(routes.find('POST', `${origin}/api/notes`, origin)).toBe(addNote)
    expect(routes.find('PUT', `${origin}/api/notes/pinned`, origin)).toBe(addNote)
  })

  test.each([
    ['another method', 'PUT', `${origin}/api/notes`],
    ['a read', 'GET', `${origin}/api/notes`],
    ['a longer path', 'POST', `${origin}/api/notes/1`],
    ['another origin', 'POST', 'https://other.example/api/notes'],
    ['a query, which the operation would lose', 'POST', `${origin}/api/notes?draft=1`],
    ['the name of an object member', 'constructor', `${origin}/`],
  ])('%s is left alone', (_, method, url) => {
    expect(routes.find(method, url, origin)).toBeUndefined()
  })

  test.each(['GET /api/notes', 'POST api/notes', 'POST', '/api/notes', `POST ${batchPath}`, `POST ${healthPath}`])(
    'a route that can not be one is refused: %s',
    (route) => {
      expect(() => intercept({ [route]: addNote })).toThrow(SyncError)
    },
  )
})
