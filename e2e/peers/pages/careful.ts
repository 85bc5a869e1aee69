/** How a careful app reads answers, whichever peer sends for it. */

/** What an answer means: the server did it, it will never do it, or nobody knows yet. */
export type Reading = 'done' | 'refused' | 'try-again'

/** Statuses that say nothing about the write itself. */
const passing: readonly number[] = [401, 403, 407, 408, 425, 429]

/** Reads an answer: only JSON that can be read to its end, from the address that was asked, is the server's. */
export async function readAnswer(response: Response): Promise<Reading> {
  if (response.redirected || response.status >= 500 || passing.includes(response.status)) return 'try-again'
  try {
    await response.json()
  } catch {
    return 'try-again'
  }
  return response.ok ? 'done' : 'refused'
}
