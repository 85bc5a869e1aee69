import { expect, it } from 'vitest'
import { hashPassword, isPassword } from './password.ts'

it('knows the password again, and no other', async () => {
  const stored = await hashPassword('demo')
  expect(await isPassword('demo', stored)).toBe(true)
  expect(await isPassword('Demo', stored)).toBe(false)
  expect(await isPassword('', stored)).toBe(false)
})

it('hashes the same password differently each time', async () => {
  expect(await hashPassword('demo')).not.toBe(await hashPassword('demo'))
})

it('refuses when there is no account, or none that can be read', async () => {
  expect(await isPassword('demo', undefined)).toBe(false)
  expect(await isPassword('demo', 'scrypt$0$8$1$AA$AA')).toBe(false)
  expect(await isPassword('demo', 'plain$demo')).toBe(false)
})
