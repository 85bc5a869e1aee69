/** Lanes: the ordering keys. Operations in one lane are applied in the order they were enqueued; lanes never wait for one another. */
import { SyncError } from './error.ts'
import { findJsonFault } from './json.ts'

/** How urgent a lane is. */
export type Priority = 'high' | 'medium' | 'low'

/** All priorities, most urgent first. */
export const priorities: readonly ['high', 'medium', 'low'] = ['high', 'medium', 'low']

/** What a dead letter does to the entries behind it in its lane: `block` holds them, `skip` lets them pass (and gives up order). */
export type OnDead = 'block' | 'skip'

/** An ordering key with what all its operations share. */
export interface Lane {
  readonly key: string
  readonly priority: Priority
  readonly onDead: OnDead
}

/** What a family of lanes has in common. */
export interface LaneOptions {
  /** Default `medium`. */
  readonly priority?: Priority
  /** Default `block`. */
  readonly onDead?: OnDead
}

/** The longest lane key, in characters. */
export const laneKeyMax = 200

const namePattern = /^[a-z][a-z0-9-]*$/

/**
 * Defines a family of lanes, one per id. A lane fixes the priority of all that travels in it, so that urgency can
 * never reorder a lane. For the same reason a family keeps its priority for ever: queued entries of the old priority
 * would be in another stream than new ones. To change it, give the family a new name.
 *
 * @example
 * const orderLane = defineLane('order', { priority: 'high', onDead: 'block' })
 * orderLane('42') // { key: 'order:42', priority: 'high', onDead: 'block' }
 * @throws SyncError `invalid-definition` when the name is not lower-case letters, digits and hyphens, or when an id
 * makes a key longer than {@link laneKeyMax} or is text that cannot be stored (NUL, lone surrogates).
 */
export function defineLane(name: string, options: LaneOptions = {}): (id: string) => Lane {
  if (!namePattern.test(name)) {
    throw new SyncError('invalid-definition', `A lane's name is lower-case letters, digits and hyphens; got "${name}".`)
  }
  const { priority = 'medium', onDead = 'block' } = options
  return (id) => {
    const key = `${name}:${id}`
    if (key.length > laneKeyMax) {
      throw new SyncError('invalid-definition', `A lane key has at most ${laneKeyMax} characters; got ${key.length}.`)
    }
    const fault = findJsonFault(key)
    if (fault !== undefined) {
      throw new SyncError('invalid-definition', `The id in a lane key must be storable: ${fault.reason}.`)
    }
    return { key, priority, onDead }
  }
}
