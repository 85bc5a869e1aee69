/** What is shown when a page breaks: that nothing saved is lost, and a way to go on. */
import { Component, type ReactNode } from 'react'
import { shellWords } from '../words/words.ts'

/** Shows its children, or a message once one of them has thrown. React has error boundaries as classes only. */
export class Fallback extends Component<{ readonly children: ReactNode }, { readonly isBroken: boolean }> {
  override state: { readonly isBroken: boolean } = { isBroken: false }

  static getDerivedStateFromError(): { readonly isBroken: boolean } {
    return { isBroken: true }
  }

  override render(): ReactNode {
    if (!this.state.isBroken) return this.props.children
    return (
      <main className="lonely" role="alert">
        <h1>{shellWords.broken}</h1>
        <p>{shellWords.brokenHow}</p>
        <button type="button" className="button primary" onClick={() => location.reload()}>
          {shellWords.reload}
        </button>
      </main>
    )
  }
}
