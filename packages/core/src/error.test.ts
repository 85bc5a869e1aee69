import { expect, it } from 'vitest'
import { SyncError } from './error.ts'

it('carries its code, its message and its cause', () => {
  const cause = new Error('disk')
  const error = new SyncError('quota', 'No room.', { cause })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ name: 'SyncError', code: 'quota', message: 'No room.', cause })
})
