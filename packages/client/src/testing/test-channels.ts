/** The broadcast channels of a test device. Messages are cloned as a browser clones them, and arrive a moment later. */
import type { Channel } from '../environment.ts'

interface Member {
  readonly isAlive: () => boolean
  readonly listener: (message: unknown) => void
}

/** The channels that all tabs of a device share. */
export class TestChannels {
  readonly #members = new Map<string, Set<Member>>()

  open(name: string, isAlive: () => boolean, listener: (message: unknown) => void): Channel {
    const members = this.#members.get(name) ?? new Set<Member>()
    this.#members.set(name, members)
    const self: Member = { isAlive, listener }
    members.add(self)
    return {
      post: (message) => {
        if (!isAlive()) return
        const copy: unknown = structuredClone(message)
        for (const member of members) {
          if (member === self) continue
          queueMicrotask(() => {
            if (members.has(member) && member.isAlive()) member.listener(copy)
          })
        }
      },
      close: () => {
        members.delete(self)
      },
    }
  }
}
