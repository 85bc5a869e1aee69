/** One page: its heading, its title, and the focus that goes to the heading when a person has come from another page. */
import { useSyncStatus } from '@holdfast/react'
import { createContext, useContext, useEffect, useRef, type ReactElement, type ReactNode, type RefObject } from 'react'
import { shellWords } from '../words/words.ts'

/** How many pages have been shown since the app was loaded; the shell provides it. */
export const PageVisits = createContext<RefObject<number>>({ current: 0 })

/** What a page is made of. */
export interface PageProps {
  readonly title: string
  readonly className?: string
  readonly lead?: ReactNode
  readonly children: ReactNode
}

/** Shows a page. */
export function Page({ title, className = '', lead, children }: PageProps): ReactElement {
  const heading = useRef<HTMLHeadingElement>(null)
  const needsYou = useSyncStatus(needsYouOf) ?? 0
  useEffect(() => {
    document.title = shellWords.title(title, needsYou)
  }, [title, needsYou])
  const visits = useContext(PageVisits)
  useEffect(() => {
    // At the first load the browser's own start of the page is right.
    if (visits.current > 0) heading.current?.focus()
    visits.current += 1
  }, [visits])
  return (
    <div className={`page ${className}`}>
      <header className="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {lead !== undefined && <p className="lead">{lead}</p>}
      </header>
      {children}
    </div>
  )
}

function needsYouOf({ needsYou }: { readonly needsYou: number }): number {
  return needsYou
}
