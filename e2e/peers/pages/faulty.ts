/**
 * A sender with every bug that the harness is there to find, to show that it finds them: it keeps writes in memory and
 * sends them without a key: the first never, the second twice, the third after the fourth, and the last stays where it is.
 */
import { orderPath } from './sender.ts'

const queue: string[] = []
const post = async (id: string) => void (await fetch(orderPath(id), { method: 'POST', body: '{}' }))

window.sender = {
  write: async (id) => {
    queue.push(id)
    if (queue.length === 10) {
      localStorage.setItem('last', id)
      await sendBadly()
    }
    return 'kept'
  },
  stored: () => Promise.resolve([localStorage.getItem('last') ?? []].flat()),
  held: () => Promise.resolve([]),
  told: () => Promise.resolve([]),
  signedIn: () => {},
}

async function sendBadly(): Promise<void> {
  const [, second = '', third = '', fourth = '', ...rest] = queue
  for (const id of [second, second, fourth, third, ...rest.slice(0, -1)]) await post(id)
}
