/**
 * What a person has paused: a switch that all tabs and the service worker share, and that survives a restart. Nothing
 * of it is sent until it is resumed, not even when somebody asks for a pass.
 */
import { isRecord } from '@holdfast/core'

/** What is paused: everything, or operations of some types. */
export interface Pause {
  readonly isAll: boolean
  /** Types that are paused for themselves, in the order of their names. */
  readonly types: readonly string[]
}

/** Nothing is paused. */
export const noPause: Pause = { isAll: false, types: [] }

/** The pause after these types, or everything, were paused too. */
export function afterPause(pause: Pause, types: readonly string[] | undefined): Pause {
  if (types === undefined) return { ...pause, isAll: true }
  return { ...pause, types: [...new Set([...pause.types, ...types])].toSorted(byName) }
}

/** The pause after these types were resumed; without types, nothing is paused any more. */
export function afterResume(pause: Pause, types: readonly string[] | undefined): Pause {
  return types === undefined ? noPause : { ...pause, types: pause.types.filter((type) => !types.includes(type)) }
}

/** True when both pause the same. */
export function isSamePause(left: Pause, right: Pause): boolean {
  return (
    left.isAll === right.isAll &&
    left.types.length === right.types.length &&
    left.types.every((type, index) => type === right.types[index])
  )
}

/** Reads a pause; anything else pauses nothing. */
export function parsePause(value: unknown): Pause {
  if (!isRecord(value) || !Array.isArray(value['types'])) return noPause
  const types: readonly unknown[] = value['types']
  return { isAll: value['isAll'] === true, types: types.filter((type) => typeof type === 'string') }
}

function byName(left: string, right: string): number {
  return left < right ? -1 : Number(left > right)
}
