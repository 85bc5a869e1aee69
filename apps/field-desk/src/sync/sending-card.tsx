/** How sending goes, and holding it back: all of it, or by kind. All tabs and the worker keep to it. */
import { useOutbox, useSyncStatus } from '@holdfast/react'
import { Pause, Play } from 'lucide-react'
import { useState, type ReactElement } from 'react'
import { operations } from '../operations.ts'
import { useNow } from '../shell/steady.ts'
import { sendingWords } from '../words/center-words.ts'
import { kindName } from './entry-name.ts'
import { sentencesOf } from './sending-sentences.ts'

const types = operations.map(({ type }) => type)

/** Shows the card. */
export function SendingCard(): ReactElement {
  const outbox = useOutbox()
  const status = useSyncStatus()
  const nowMs = useNow(5000)
  const [fault, setFault] = useState('')
  const isPaused = status?.paused.isAll === true
  const act = (work: Promise<void> | undefined) => {
    setFault('')
    work?.catch(() => setFault(sendingWords.failed))
  }
  const Icon = isPaused ? Play : Pause
  return (
    <section className="card stack" aria-labelledby="sending-heading" data-testid="sending">
      <h2 id="sending-heading">{sendingWords.title}</h2>
      {status !== undefined && sentencesOf(status, nowMs).map((sentence) => <p key={sentence}>{sentence}</p>)}
      <div className="acts">
        <button
          type="button"
          className="button"
          onClick={() => act(isPaused ? outbox?.resume() : outbox?.pause())}
          data-testid="pause-all"
        >
          <Icon aria-hidden size={18} /> {isPaused ? sendingWords.resumeAll : sendingWords.pauseAll}
        </button>
      </div>
      {!isPaused && (
        <details>
          <summary>{sendingWords.byKind}</summary>
          <div className="chips spaced">
            {types.map((type) => {
              const isHeld = status?.paused.types.includes(type) === true
              return (
                <button
                  key={type}
                  type="button"
                  className="chip"
                  aria-pressed={isHeld}
                  data-testid={`pause-${type}`}
                  onClick={() => act(isHeld ? outbox?.resume({ types: [type] }) : outbox?.pause({ types: [type] }))}
                >
                  {kindName(type)}
                  {isHeld && <span> · {sendingWords.isPaused}</span>}
                </button>
              )
            })}
          </div>
        </details>
      )}
      {fault !== '' && (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
    </section>
  )
}
