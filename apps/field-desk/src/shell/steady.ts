/** Time in components: the hour that moves on, and flags that do not flicker. */
import { useEffect, useRef, useState } from 'react'

/** The time, moving on every so often, ms since 1970. */
export function useNow(everyMs: number): number {
  const [nowMs, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return nowMs
}

/** How long a flag must be up before it is shown, and how long it then stays at least, ms: less cannot be read. */
const steadyMs = 400

/** A flag without flicker: what lasts shorter than 400 ms is not shown, what is shown stays as long. */
export function useSteady(isUp: boolean): boolean {
  const [isShown, setShown] = useState(false)
  const shownAtMs = useRef(0)
  useEffect(() => {
    if (isUp === isShown) return undefined
    const nowMs = performance.now()
    const delayMs = isUp ? steadyMs : Math.max(0, shownAtMs.current + steadyMs - nowMs)
    const timer = setTimeout(() => {
      if (isUp) shownAtMs.current = performance.now()
      setShown(isUp)
    }, delayMs)
    return () => clearTimeout(timer)
  }, [isUp, isShown])
  return isShown
}
