/** Work that misbehaves in every way, for the tests of work in a process of its own. */
import { JobError, type JobWork } from './job-handler.ts'

const work: JobWork = async ({ payload }) => {
  switch (payload) {
    case 'loop':
      for (;;);
    case 'exit':
      process.exit(3)
    case 'heap': {
      const kept: unknown[] = []
      for (;;) kept.push(Array.from({ length: 1000 }, () => ({ kept })))
    }
    case 'buffers': {
      const kept: Buffer[] = []
      for (;;) {
        kept.push(Buffer.alloc(16 * 1024 ** 2, 1))
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    case 'refuse':
      throw new JobError('unreadable', 'It cannot be read.', {
        isFinal: true,
        cost: { amountMicros: 3, currency: 'EUR', priceList: 'p' },
      })
    case 'bug':
      throw new TypeError('secret')
    default:
      return { result: { pid: process.pid, env: Object.keys(process.env).toSorted() } }
  }
}

export default work
