/** The name of the app with its mark. */
import type { ReactElement } from 'react'
import { shellWords } from '../words/words.ts'

/** Shows the mark and the name. */
export function Brand(): ReactElement {
  return (
    <span className="brand">
      <svg viewBox="0 0 32 32" aria-hidden="true" width="28" height="28">
        <rect width="32" height="32" rx="8" className="brand-ground" />
        <path
          d="M8.5 19.5v3.2a1.8 1.8 0 0 0 1.8 1.8h11.4a1.8 1.8 0 0 0 1.8-1.8v-3.2h-4.2l-1.2 2.2h-4.2l-1.2-2.2z"
          className="brand-tray"
        />
        <path d="M16 7v8.6m-3.8-3.7 3.8 3.8 3.8-3.8" className="brand-arrow" />
      </svg>
      {shellWords.app}
    </span>
  )
}
