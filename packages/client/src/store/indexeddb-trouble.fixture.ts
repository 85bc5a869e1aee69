/**
 * Trouble for IndexedDB: makes the next transactions of one database fail the way browsers were seen to fail. The
 * database itself stays the simulated one; only what the page gets to see of it changes.
 */
import { forceCloseDatabase } from 'fake-indexeddb'

/** A way in which a transaction fails. */
export type Trouble =
  /** Chromium on a full disk: every request succeeds, then the transaction aborts. */
  | 'quota-at-commit'
  /** Firefox, once after a full disk: adding throws. */
  | 'invalid-state'
  /** The same, after one write has gone well. */
  | 'invalid-state-later'
  /** Safari: every transaction of this connection fails until the database is opened anew. */
  | 'connection-lost'
  /** The browser closes the database; the page hears of it by an event. */
  | 'force-close'
  /** Everything is written, but the page sees a failure. */
  | 'commit-unseen'
  /** The transaction ends without a reason. */
  | 'abort'
  /** The transaction goes well. */
  | 'none'

/** Prepares trouble for one database. */
export interface Troublemaker extends Disposable {
  /** Queues trouble, one for each of the next read-write transactions. */
  next(...troubles: readonly Trouble[]): void
  /** Troubles that have not struck yet. */
  readonly left: number
}

/** Makes trouble for the database of this name, until disposed of. */
export function makeTrouble(name: string): Troublemaker {
  const queue: Trouble[] = []
  const lost = new WeakSet<IDBDatabase>()
  const prototype = IDBDatabase.prototype
  const original = Object.getOwnPropertyDescriptor(prototype, 'transaction')
  if (original === undefined) throw new Error('IDBDatabase has no transaction')
  const open: unknown = original.value
  if (!isOpener(open)) throw new Error('IDBDatabase.transaction is no method')
  Object.defineProperty(prototype, 'transaction', {
    ...original,
    value(this: IDBDatabase, ...args: Parameters<IDBDatabase['transaction']>): IDBTransaction {
      if (this.name !== name) return open.apply(this, args)
      if (lost.has(this)) throw new DOMException('Connection to Indexed Database server lost.', 'UnknownError')
      const trouble = args[1] === 'readwrite' ? queue.shift() : undefined
      // Its type asks for the class; what it takes is the database.
      if (trouble === 'force-close') Reflect.apply(forceCloseDatabase, undefined, [this])
      if (trouble === 'connection-lost') {
        lost.add(this)
        throw new DOMException('Connection to Indexed Database server lost.', 'UnknownError')
      }
      const transaction = open.apply(this, args)
      if (trouble !== undefined) befall(transaction, trouble)
      return transaction
    },
  })
  return {
    next: (...troubles) => {
      queue.push(...troubles)
    },
    get left() {
      return queue.length
    },
    [Symbol.dispose]: () => {
      Object.defineProperty(prototype, 'transaction', original)
    },
  }
}

/** Makes every write throw after the first few. */
function refuseWrites(transaction: IDBTransaction, afterWrites: number): void {
  const openStore = transaction.objectStore.bind(transaction)
  let writes = 0
  const count = (): void => {
    writes += 1
    if (writes > afterWrites) throw new DOMException('A mutation was attempted.', 'InvalidStateError')
  }
  Object.defineProperty(transaction, 'objectStore', {
    value: (name: string) => {
      const store = openStore(name)
      if (Object.hasOwn(store, 'add')) return store
      const [add, put] = [store.add.bind(store), store.put.bind(store)]
      const counting =
        (write: typeof add) =>
        (value: unknown, key?: IDBValidKey): IDBRequest<IDBValidKey> => {
          count()
          return key === undefined ? write(value) : write(value, key)
        }
      Object.defineProperty(store, 'add', { value: counting(add) })
      Object.defineProperty(store, 'put', { value: counting(put) })
      return store
    },
  })
}

type Opener = (this: IDBDatabase, ...args: Parameters<IDBDatabase['transaction']>) => IDBTransaction

function isOpener(value: unknown): value is Opener {
  return typeof value === 'function'
}

function befall(transaction: IDBTransaction, trouble: Trouble): void {
  switch (trouble) {
    case 'quota-at-commit':
      Object.defineProperty(transaction, 'commit', {
        value: () => {
          transaction.abort()
          Object.defineProperty(transaction, 'error', { value: new DOMException('full', 'QuotaExceededError') })
        },
      })
      break
    case 'abort':
      Object.defineProperty(transaction, 'commit', { value: () => transaction.abort() })
      break
    case 'invalid-state':
      refuseWrites(transaction, 0)
      break
    case 'invalid-state-later':
      refuseWrites(transaction, 1)
      break
    case 'commit-unseen':
      // The handler for success is never called; the one for failure is, after everything was written.
      Object.defineProperty(transaction, 'oncomplete', { get: () => null, set: () => {} })
      transaction.addEventListener('complete', () => {
        Object.defineProperty(transaction, 'error', { value: new DOMException('lost', 'UnknownError') })
        transaction.onabort?.(new Event('abort'))
      })
      break
    default:
      break
  }
}
