/** Waiting that can be given up. */

/** The outcome of `work`, or the reason of the first signal that is aborted before. What is under way goes on. */
export async function untilAborted<Value>(
  work: Promise<Value>,
  signals: readonly (AbortSignal | undefined)[],
): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stops: (() => void)[] = []
  for (const signal of signals) {
    if (signal === undefined) continue
    const stop = (): void => {
      reject(signal.reason)
    }
    signal.addEventListener('abort', stop)
    stops.push(() => {
      signal.removeEventListener('abort', stop)
    })
  }
  try {
    return await Promise.race([work, promise])
  } finally {
    for (const stop of stops) stop()
  }
}
