import type { Outbox, RegisteredIdentity } from '@holdfast/client'
import { expect, it } from 'vitest'
import { createDesk, type DeskPorts } from './desk.ts'
import { openDevice, type KeyValueStorage } from './device.ts'
import type { Identity } from './identity.ts'
import type { SessionAnswer } from './session-client.ts'

const ana: Identity = { tenant: 'north', user: 'ana', name: 'Ana', company: 'North' }
const cleo: Identity = { tenant: 'south', user: 'cleo', name: 'Cleo', company: 'South' }

/** A desk on a device in memory, with a log of what it asked for. */
function deskOf(more: Partial<DeskPorts> = {}, storage = memory()) {
  const log: string[] = []
  const sealed: RegisteredIdentity[] = [{ tenant: 'north', user: 'ana', pending: 3, usedAtMs: 1 }]
  const device = openDevice(storage)
  const desk = createDesk({
    device,
    hasRegistry: () => true,
    setCurrent: (session) => Promise.resolve(void log.push(`current ${session?.user ?? 'nobody'}`)),
    currentSession: () => Promise.reject(new Error('no registry')),
    knownIdentities: () => Promise.resolve(sealed),
    leaveDevice: async (outbox, { how }) => {
      log.push(how)
      await outbox.close()
      return { kind: 'signed-out', sealed: 3, unconfirmed: 0 }
    },
    removeFromDevice: () => Promise.resolve({ kind: 'removed' }),
    openOutbox: ({ user }) => {
      log.push(`open ${user}`)
      return Promise.resolve(outboxOf(user, log))
    },
    fetchSession: () => Promise.resolve<SessionAnswer>({ kind: 'unreachable' }),
    signIn: (email) => Promise.resolve({ kind: 'signed-in', identity: email.startsWith('ana') ? ana : cleo }),
    signOut: () => Promise.resolve(true),
    tellWorker: () => undefined,
    ...more,
  })
  return { desk, device, log, storage }
}

it('opens offline for the person whom the device remembers, without asking the server', async () => {
  const { desk, device, log } = deskOf({ fetchSession: () => Promise.reject(new Error('not to be asked')) })
  device.remember(ana)
  await desk.start()
  expect(desk.state()).toMatchObject({ kind: 'open', identity: ana })
  expect(log).toEqual(['current ana', 'open ana'])
})

it('asks the server when nobody is remembered, and shows how much is sealed when nobody is signed in', async () => {
  const { desk } = deskOf({ fetchSession: () => Promise.resolve({ kind: 'signed-out' }) })
  await desk.start()
  expect(desk.state()).toEqual({
    kind: 'signed-out',
    sealed: [{ tenant: 'north', user: 'ana', pending: 3, usedAtMs: 1 }],
  })
})

it("I5 opens the next person's own outbox and closes the one before; nothing of hers is opened by him", async () => {
  const { desk, device, log } = deskOf()
  device.remember(ana)
  await desk.start()
  device.keepOrders(ana, ['secret'])
  await desk.signIn('cleo@south.example', 'demo')
  await Promise.resolve()
  expect(device.orders(ana)).toBeNull()
  expect(desk.state()).toMatchObject({ kind: 'open', identity: cleo })
  expect(log).toEqual(['current ana', 'open ana', 'current cleo', 'open cleo', 'close ana'])
})

it('keeps the open outbox when the same person signs in again, and tells it', async () => {
  const { desk, device, log } = deskOf()
  device.remember(ana)
  await desk.start()
  await desk.signIn('ana@north.example', 'demo')
  expect(log).toEqual(['current ana', 'open ana', 'current ana', 'authenticated ana'])
})

it('forgets the person and their list of orders on leaving', async () => {
  const { desk, device, log } = deskOf()
  device.remember(ana)
  await desk.start()
  device.keepOrders(ana, ['secret'])
  await desk.leave({ how: 'keep-sealed' })
  expect(desk.state().kind).toBe('signed-out')
  expect(device.identity()).toBeUndefined()
  expect(device.orders(ana)).toBeNull()
  expect(log).toContain('keep-sealed')
})

it('signs out offline too: the next start tells the server first, and asks for no session', async () => {
  const storage = memory()
  const offline = deskOf({ signOut: () => Promise.resolve(false) }, storage)
  offline.device.remember(ana)
  await offline.desk.start()
  await offline.desk.leave({ how: 'keep-sealed' })
  expect(offline.device.isLeaving()).toBe(true)

  const asked: string[] = []
  const next = deskOf(
    {
      signOut: () => Promise.resolve(asked.push('sign out') > 0),
      fetchSession: () => Promise.resolve({ kind: 'signed-in', identity: ana }),
    },
    storage,
  )
  await next.desk.start()
  expect(asked).toEqual(['sign out'])
  expect(next.desk.state().kind).toBe('signed-out')
  expect(next.device.isLeaving()).toBe(false)
})

it('stays open while something is in the way of signing out', async () => {
  const { desk, device } = deskOf({ leaveDevice: () => Promise.resolve({ kind: 'other-count', count: 4 }) })
  device.remember(ana)
  await desk.start()
  expect(await desk.leave({ how: 'discard', count: 3 })).toEqual({ kind: 'other-count', count: 4 })
  expect(desk.state()).toMatchObject({ kind: 'open', identity: ana })
  expect(device.identity()).toEqual(ana)
  expect(device.isLeaving()).toBe(false)
})

it('F003 after a crash that lost the memory of the last seconds, opens for whom the registry knows, and learns the name', async () => {
  const { desk, device, log } = deskOf({
    currentSession: () => Promise.resolve({ tenant: 'south', user: 'cleo' }),
    fetchSession: () => Promise.resolve<SessionAnswer>({ kind: 'signed-in', identity: cleo }),
  })
  device.remember(ana)
  await desk.start()
  expect(log).toContain('open cleo')
  expect(log).not.toContain('open ana')
  await Promise.resolve()
  expect(desk.state()).toMatchObject({ kind: 'open', identity: cleo })
  expect(log).not.toContain('close cleo')
  expect(device.identity()).toEqual(cleo)
})

it('F003 a sign-out whose trace in the memory was lost by a crash stays a sign-out', async () => {
  const { desk, device, log } = deskOf({
    currentSession: () => Promise.resolve(undefined),
    fetchSession: () => Promise.resolve<SessionAnswer>({ kind: 'signed-in', identity: ana }),
    signOut: () => Promise.resolve(log.push('tell server') === 0),
  })
  device.remember(ana)
  await desk.start()
  expect(desk.state().kind).toBe('signed-out')
  expect(device.identity()).toBeUndefined()
  expect(log).toEqual(['current nobody', 'tell server'])
  // The server has not heard of it: the next start tells it again.
  expect(device.isLeaving()).toBe(true)
})

it('F003 a sign-out that is cut off while the device works on it stays a sign-out', async () => {
  const storage = memory()
  const cutOff = deskOf({ leaveDevice: () => new Promise(() => undefined) }, storage)
  cutOff.device.remember(ana)
  await cutOff.desk.start()
  void cutOff.desk.leave({ how: 'discard', count: 3 })
  await Promise.resolve()

  const forgotten = {
    currentSession: () => Promise.resolve(undefined),
    knownIdentities: () => Promise.resolve([]),
    fetchSession: () => Promise.resolve<SessionAnswer>({ kind: 'signed-in', identity: ana }),
  }
  const next = deskOf(forgotten, storage)
  await next.desk.start()
  expect(next.desk.state().kind).toBe('signed-out')
})

it('I5 a sign-out that the registry does not take is tried again at the next start', async () => {
  const { desk, device } = deskOf({ setCurrent: () => Promise.reject(new Error('disk full')) })
  device.setLeaving(true)
  await desk.start()
  expect(desk.state().kind).toBe('signed-out')
  expect(device.isLeaving()).toBe(true)
})

it('I5 nobody is signed in whom the registry does not take: the next start would open the outbox before', async () => {
  const { desk, device, log } = deskOf({
    setCurrent: () => Promise.reject(new Error('disk full')),
    currentSession: () => Promise.resolve({ tenant: 'north', user: 'ana' }),
    signOut: () => Promise.resolve(log.push('tell server') > 0),
  })
  device.remember(ana)
  await desk.start()
  expect(await desk.signIn('cleo@south.example', 'demo')).toEqual({ kind: 'refused' })
  expect(device.identity()).toEqual(ana)
  expect(desk.state()).toMatchObject({ kind: 'open', identity: ana })
  expect(log).toEqual(['open ana', 'tell server'])
})

it('I5 nor is anybody whom only the server knows', async () => {
  const { desk, device, log } = deskOf({
    setCurrent: () => Promise.reject(new Error('disk full')),
    fetchSession: () => Promise.resolve<SessionAnswer>({ kind: 'signed-in', identity: cleo }),
  })
  await desk.start()
  expect(desk.state().kind).toBe('signed-out')
  expect(device.identity()).toBeUndefined()
  expect(log).toEqual([])
})

it('F038 whom the registry names already signs in again on a full disk', async () => {
  const { desk, device, log } = deskOf({
    setCurrent: () => Promise.reject(new Error('disk full')),
    currentSession: () => Promise.resolve({ tenant: 'north', user: 'ana' }),
  })
  device.remember(ana)
  await desk.start()
  expect((await desk.signIn('ana@north.example', 'demo')).kind).toBe('signed-in')
  expect(log).toEqual(['open ana', 'authenticated ana'])
})

it('F045 without a database there is no registry to wait for', async () => {
  const { desk } = deskOf({ hasRegistry: () => false, setCurrent: () => Promise.reject(new Error('no database')) })
  expect((await desk.signIn('cleo@south.example', 'demo')).kind).toBe('signed-in')
  expect(desk.state()).toMatchObject({ kind: 'open', identity: cleo })
})

it('signs out a person whose outbox does not open, here and at the server', async () => {
  const { desk, device, log } = deskOf({
    currentSession: () => Promise.resolve({ tenant: 'north', user: 'ana' }),
    openOutbox: () => Promise.reject(new Error('newer database')),
    signOut: () => Promise.resolve(log.push('tell server') > 0),
  })
  device.remember(ana)
  await desk.start()
  expect(await desk.leave({ how: 'keep-sealed' })).toEqual({ kind: 'signed-out', sealed: 3, unconfirmed: 0 })
  expect(desk.state().kind).toBe('signed-out')
  expect(log).toEqual(['current ana', 'current nobody', 'tell server'])
  expect(device.isLeaving()).toBe(false)
})

it('F055 a person whose outbox does not open does not sign out the one who came after', async () => {
  let named = { tenant: 'north', user: 'ana' }
  const { desk, device, log } = deskOf({
    currentSession: () => Promise.resolve(named),
    openOutbox: () => Promise.reject(new Error('newer database')),
  })
  device.remember(ana)
  await desk.start()
  named = { tenant: 'south', user: 'cleo' }
  await desk.leave({ how: 'keep-sealed' })
  expect(log).not.toContain('current nobody')
})

it('discards nothing of an outbox that does not open: the person stays signed in', async () => {
  const { desk, device } = deskOf({ openOutbox: () => Promise.reject(new Error('newer database')) })
  device.remember(ana)
  await desk.start()
  await expect(desk.leave({ how: 'discard', count: 3 })).rejects.toThrow('newer database')
  expect(desk.state()).toMatchObject({ kind: 'open', identity: ana })
  expect(device.isLeaving()).toBe(false)
})

it('a registry that was cleared says nothing: the app opens for whom the device remembers', async () => {
  const { desk, device } = deskOf({ currentSession: () => Promise.resolve(undefined) })
  device.remember(cleo)
  await desk.start()
  expect(desk.state()).toMatchObject({ kind: 'open', identity: cleo })
})

it('F055 follows a sign-out in another tab, and says nothing of who is signed in: that may be the next person', async () => {
  const { desk, device, log } = deskOf()
  device.remember(ana)
  await desk.start()
  device.forget()
  const closed = new Promise<void>((resolve) => desk.subscribe(resolve))
  desk.noteStorage('field-desk:identity')
  await closed
  expect(desk.state().kind).toBe('signed-out')
  expect(log).not.toContain('current nobody')
})

function memory(): KeyValueStorage {
  const values = new Map<string, string>()
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  }
}

/** Only what the desk calls; anything else is a mistake of the desk's and throws. */
function outboxOf(user: string, log: string[]): Outbox {
  const unexpected = () => {
    throw new Error('the desk is not expected to use this of the outbox')
  }
  const close = () => Promise.resolve(void log.push(`close ${user}`))
  return {
    unstored: 0,
    session: { tenant: 'any', user },
    authenticated: () => void log.push(`authenticated ${user}`),
    close,
    [Symbol.asyncDispose]: close,
    enqueue: unexpected,
    status: unexpected,
    subscribe: unexpected,
    onSettled: unexpected,
    entries: unexpected,
    entry: unexpected,
    drain: unexpected,
    pause: unexpected,
    resume: unexpected,
    retry: unexpected,
    discard: unexpected,
    edit: unexpected,
    undo: unexpected,
    skip: unexpected,
    cleanup: unexpected,
    sealed: unexpected,
  }
}
