import { expect, it } from 'vitest'
import { openDevice, type KeyValueStorage } from './device.ts'

const ana = { tenant: 'north', user: 'ana', name: 'Ana', company: 'North' }
const ben = { tenant: 'north', user: 'ben', name: 'Ben', company: 'North' }

function storage(): KeyValueStorage {
  const values = new Map<string, string>()
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  }
}

it('remembers who works here, over visits', () => {
  const shared = storage()
  openDevice(shared).remember(ana)
  expect(openDevice(shared).identity()).toEqual(ana)
})

it('keeps lists apart by person, and forgets them with the person', () => {
  const device = openDevice(storage())
  device.remember(ana)
  device.keepOrders(ana, [1])
  expect(device.orders(ben)).toBeNull()
  device.forget()
  expect(device.identity()).toBeUndefined()
  expect(device.orders(ana)).toBeNull()
})

it('takes no identity that is none', () => {
  const shared = storage()
  shared.setItem('field-desk:identity', '{"tenant":"north"}')
  expect(openDevice(shared).identity()).toBeUndefined()
  shared.setItem('field-desk:identity', '{')
  expect(openDevice(shared).identity()).toBeUndefined()
})

it('goes on without a memory when the browser refuses one', () => {
  const refuse = () => {
    throw new DOMException('no', 'SecurityError')
  }
  const device = openDevice({ getItem: refuse, setItem: refuse, removeItem: refuse })
  device.remember(ana)
  device.forget()
  expect(device.identity()).toBeUndefined()
  expect(device.isLeaving()).toBe(false)
})
