/** What kill rounds came to. Pure. */

/** What a session did. */
export interface KillCounts {
  readonly kind: string
  readonly seed: number
  readonly kills: number
  /**
   * How often an app that was opened again found that the browser had lost the databases of its whole origin, a witness
   * beside the outbox with them. No outbox can keep a write then; a loss without it is ours.
   */
  readonly wiped: number
}

/** The figures of one session. */
export interface KillFigures extends KillCounts {
  /** Writes that were acknowledged and reported, each once. */
  readonly acknowledged: number
  /** Of those, without an effect at the server. */
  readonly lost: number
  readonly lostIds: readonly string[]
  /** Effects beyond the first, of acknowledged and other writes. */
  readonly doubled: number
  /** Effects that came before an effect of an earlier write: all share one lane. */
  readonly reordered: number
  /** Effects of writes whose acknowledgement a kill had cut off: allowed, once. */
  readonly unacknowledged: number
}

/** Counts. Ids are `rROUND-NUMBER`. */
export function figuresOf(
  counts: KillCounts,
  acknowledged: readonly string[],
  effects: readonly string[],
): KillFigures {
  const safe = new Set(acknowledged)
  const firsts = [...new Set(effects)]
  const places = firsts.map(placeOf)
  const lostIds = [...safe].filter((id) => !firsts.includes(id))
  return {
    ...counts,
    acknowledged: safe.size,
    lost: lostIds.length,
    lostIds,
    doubled: effects.length - firsts.length,
    reordered: places.filter((place, index) => index > 0 && place < (places[index - 1] ?? 0)).length,
    unacknowledged: firsts.filter((id) => !safe.has(id)).length,
  }
}

/** True when everything that was promised was kept. */
export function isKept({ lost, doubled, reordered }: KillFigures): boolean {
  return lost + doubled + reordered === 0
}

/** One line for people. */
export function lineOf(figures: KillFigures): string {
  const { kind, seed, kills, wiped, acknowledged, lost, lostIds, doubled, reordered, unacknowledged } = figures
  const allowed = `${unacknowledged} arrived whose acknowledgement was cut off`
  const which = lost > 0 ? ` (${lostIds.join(' ')}; the browser had lost its databases ${wiped} times)` : ''
  return `${kind}: ${kills} kills, ${acknowledged} acknowledged, lost ${lost}${which}, doubled ${doubled}, reordered ${reordered} (${allowed}; seed ${seed})`
}

function placeOf(id: string): number {
  const [round = '', number = ''] = id.slice(1).split('-')
  return Number(round) * 1000 + Number(number)
}
