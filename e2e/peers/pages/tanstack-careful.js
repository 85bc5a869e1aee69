// TanStack's offline transactions under a careful app: answers are read as the careful Workbox app reads them, and a
// refusal is noted where it outlives the page before the transaction is given up.
import { NonRetriableError } from '@tanstack/offline-transactions'
import { readAnswer } from './careful.ts'
import { tanstackSender } from './tanstack-page.js'

const refused = () => JSON.parse(localStorage.getItem('refused') ?? '[]')

window.sender = await tanstackSender(async (id, idempotencyKey) => {
  const response = await fetch(`/api/orders/${id}`, {
    method: 'POST',
    headers: { 'Idempotency-Key': idempotencyKey },
    body: '{}',
  })
  const answer = await readAnswer(response)
  // No status in the text: the library reads some numbers in messages as "give up".
  if (answer === 'try-again') throw new Error('not taken yet')
  if (answer === 'refused') {
    localStorage.setItem('refused', JSON.stringify([...refused(), id]))
    throw new NonRetriableError('refused by the server')
  }
}, refused)
