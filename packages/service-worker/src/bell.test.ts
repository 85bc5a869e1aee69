import { expect, test } from 'vitest'
import { Bell } from './bell.ts'

test('a ring that nobody waited for is heard by the next who waits', async () => {
  const bell = new Bell()
  bell.ring()
  bell.ring()
  await bell.next()
  let isHeard = false
  const second = bell.next().then(() => (isHeard = true))
  await Promise.resolve()
  expect(isHeard).toBe(false)
  bell.ring()
  expect(await second).toBe(true)
})
