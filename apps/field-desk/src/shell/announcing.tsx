/**
 * What is said aloud: one polite live region, there from the start, which speaks of transitions only and at most every
 * five seconds. While a modal dialog is open it lives inside the dialog: browsers silence everything outside of it.
 */
import {
  createContext,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  type ReactElement,
  type ReactNode,
} from 'react'
import { createPortal } from 'react-dom'

interface Announcing {
  readonly announce: (text: string) => void
  /** Moves the live region into a dialog that has opened; `undefined` moves it back. */
  readonly setHost: (host: HTMLElement | undefined) => void
}

const Context = createContext<Announcing>({ announce: () => undefined, setHost: () => undefined })

/** The pause between two announcements, ms. What comes in between is said together. */
const pauseMs = 5000

/** Gives everything below it a voice. */
export function AnnouncingProvider({ children }: { readonly children: ReactNode }): ReactElement {
  const [said, setSaid] = useState('')
  const [host, setHost] = useState<HTMLElement>()
  const waiting = useRef<string[]>([])
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])

  const announcing = useMemo<Announcing>(() => {
    const speak = () => {
      const text = [...new Set(waiting.current)].join(' ')
      waiting.current = []
      timer.current = undefined
      if (text === '') return
      setSaid(text)
      timer.current = setTimeout(speak, pauseMs)
    }
    const announce = (text: string) => {
      waiting.current.push(text)
      if (timer.current === undefined) speak()
    }
    return { announce, setHost }
  }, [])

  return (
    <Context.Provider value={announcing}>
      {children}
      {createPortal(
        <div role="status" aria-live="polite" className="unseen" data-testid="announcer">
          {said}
        </div>,
        host ?? document.body,
      )}
    </Context.Provider>
  )
}

/** The voice. */
export function useAnnouncing(): Announcing {
  return useContext(Context)
}
