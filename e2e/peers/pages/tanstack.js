// TanStack's offline transactions as documented: the key goes along, 4xx is for good, anything else is tried again.
import { NonRetriableError } from '@tanstack/offline-transactions'
import { tanstackSender } from './tanstack-page.js'

window.sender = await tanstackSender(
  async (id, idempotencyKey) => {
    const response = await fetch(`/api/orders/${id}`, {
      method: 'POST',
      headers: { 'Idempotency-Key': idempotencyKey },
      body: '{}',
    })
    if (response.status >= 400 && response.status < 500) {
      throw new NonRetriableError(`Client error: ${response.status}`)
    }
    if (!response.ok) throw new Error('Server error')
  },
  () => [],
)
