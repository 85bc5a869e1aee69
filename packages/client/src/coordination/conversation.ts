/**
 * The conversation: what the contexts of one outbox tell one another, and what each makes of what it hears. Messages may
 * be lost and may come late, so nothing rests on them: they make things quick, and the store says what is true.
 *
 *   who does not lead   joined, stored, drain ──▶   who leads
 *                       ◀── status, drained
 *   anybody             acted, settled, authenticated, leading ──▶ everybody else
 */
import type { Drain } from '../drain.ts'
import type { Counting } from '../counting.ts'
import type { Channel, Environment } from '../environment.ts'
import type { HeldBack } from '../held-back.ts'
import type { SettledPromises } from '../settled.ts'
import type { StatusBoard, SyncStatus } from '../status.ts'
import { encodeMessage, parseMessage, type Message, type SharedStatus } from './messages.ts'
import type { PassRequests } from './pass-requests.ts'

/** What the conversation needs from its outbox. */
export interface ConversationHost {
  readonly environment: Environment
  /** The channel's name: one per identity. */
  readonly name: string
  readonly board: StatusBoard
  readonly drain: Drain
  readonly counting: Counting
  readonly settled: SettledPromises
  readonly heldBack: HeldBack
  readonly passes: PassRequests
}

/** This context's part in the conversation. */
export class Conversation {
  readonly #host: ConversationHost
  #channel: Channel | undefined

  constructor(host: ConversationHost) {
    this.#host = host
  }

  /** Begins to listen, and says so: whoever leads answers how things stand. */
  join(): void {
    const { environment, name } = this.#host
    this.#channel = environment.openChannel(name, (raw) => {
      const message = parseMessage(raw)
      if (message !== undefined && this.#channel !== undefined) this.#hear(message)
    })
    this.tell({ kind: 'joined' })
  }

  /** Tells every other context. */
  tell(message: Message): void {
    this.#channel?.post(encodeMessage(message))
  }

  /** Tells every other context what this leader knows. */
  tellStatus(): void {
    this.tell({ kind: 'status', status: sharedOf(this.#host.board.snapshot) })
  }

  /** Neither speaks nor listens any more. */
  leave(): void {
    this.#channel?.close()
    this.#channel = undefined
  }

  #hear(message: Message): void {
    const { board, drain, counting, settled, heldBack, passes } = this.#host
    const { isLeader } = board.snapshot
    switch (message.kind) {
      case 'joined':
        if (isLeader) this.tellStatus()
        return
      case 'stored':
        // At once: what the leader says next must not take back what the sender has counted.
        counting.noteStored(message.count)
        drain.noteGrowth(message.priorities)
        counting.recountSoon()
        return
      case 'acted':
        drain.noteActs()
        counting.recountSoon()
        return
      case 'paused':
        void heldBack.load().then(
          () => {
            drain.noteActs()
          },
          // The leader reads it again when it looks anew.
          () => {},
        )
        return
      case 'settled':
        void settled.lookUp(message.ids)
        return
      case 'status':
        if (!isLeader) counting.noteLeader(message.status)
        return
      case 'leading':
        passes.askAgain()
        return
      case 'drain':
        if (isLeader) void passes.makeFor(message.request, message)
        return
      case 'drained':
        passes.finish(message.request, message.report)
        return
      case 'authenticated':
        drain.noteAuthenticated()
    }
  }
}

function sharedOf(status: SyncStatus): SharedStatus {
  const { counts, sendingIds, progress, connectivity, circuit, authentication, paused, warning } = status
  const { nextAttemptAtMs, acknowledgedAtMs } = status
  return {
    counts,
    sendingIds,
    progress,
    connectivity,
    circuit,
    authentication,
    paused,
    warning,
    nextAttemptAtMs,
    acknowledgedAtMs,
  }
}
