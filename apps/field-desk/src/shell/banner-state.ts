/**
 * When the banner shows: once for each time that something is wrong, not before it has lasted, and until it is right
 * again or somebody hides it. Pure: the time comes in.
 *
 *   none ──cause──▶ coming ──it lasts──▶ shown ──hide──▶ hidden
 *     ▲               │ cause gone         │ cause gone     │ cause gone
 *     └───────────────┘                    └────▶ back ◀────┘
 *     └──────────── six seconds ──────────────────┘
 */
import type { SyncStatus } from '@holdfast/client'

/** What can be wrong with the way to the server. */
export type BannerCause = 'offline' | 'server' | 'captive' | 'signed-out' | 'other-person'

/** How far the banner is. */
export type BannerState =
  | { readonly kind: 'none' }
  | { readonly kind: 'coming'; readonly cause: BannerCause; readonly atMs: number }
  | { readonly kind: 'shown'; readonly cause: BannerCause }
  | { readonly kind: 'hidden'; readonly cause: BannerCause }
  | { readonly kind: 'back'; readonly untilMs: number }

/** How long something must be wrong before it is said, ms: a short tunnel is no news. A person's act is asked for at once. */
const lastsMs: Readonly<Record<BannerCause, number>> = {
  offline: 2000,
  server: 10_000,
  captive: 0,
  'signed-out': 0,
  'other-person': 0,
}

/** How long "Back online" stays, ms. */
const backMs = 6000

/** What is wrong now, the most serious first. */
export function bannerCauseOf({ authentication, connectivity }: SyncStatus): BannerCause | undefined {
  if (authentication === 'required') return 'signed-out'
  if (authentication === 'other') return 'other-person'
  if (connectivity === 'captive') return 'captive'
  if (connectivity === 'server-unreachable') return 'server'
  return connectivity === 'offline' ? 'offline' : undefined
}

/** The banner after a look at what is wrong. */
export function nextBanner(state: BannerState, cause: BannerCause | undefined, nowMs: number): BannerState {
  if (cause === undefined) return withoutCause(state, nowMs)
  if (state.kind === 'coming' || state.kind === 'shown' || state.kind === 'hidden') {
    if (state.cause !== cause) return changedCause(state, cause, nowMs)
    return state.kind === 'coming' && nowMs >= state.atMs ? { kind: 'shown', cause } : state
  }
  return begin(cause, nowMs)
}

/** When the state changes by time alone; `undefined` when it does not. */
export function bannerDueMs(state: BannerState): number | undefined {
  if (state.kind === 'coming') return state.atMs
  return state.kind === 'back' ? state.untilMs : undefined
}

/** The banner after somebody hid it. */
export function hideBanner(state: BannerState): BannerState {
  return state.kind === 'shown' ? { kind: 'hidden', cause: state.cause } : { kind: 'none' }
}

function withoutCause(state: BannerState, nowMs: number): BannerState {
  if (state.kind === 'back') return nowMs >= state.untilMs ? { kind: 'none' } : state
  const wasSaid = state.kind === 'shown' || state.kind === 'hidden'
  // A sign-in is its own news: "back online" would be about something else.
  const isAboutNetwork = wasSaid && state.cause !== 'signed-out' && state.cause !== 'other-person'
  return isAboutNetwork ? { kind: 'back', untilMs: nowMs + backMs } : state.kind === 'none' ? state : { kind: 'none' }
}

/** While something is said already, another cause replaces it at once: nothing flickers away and back. */
function changedCause(state: BannerState, cause: BannerCause, nowMs: number): BannerState {
  return state.kind === 'shown' ? { kind: 'shown', cause } : begin(cause, nowMs)
}

function begin(cause: BannerCause, nowMs: number): BannerState {
  const delayMs = lastsMs[cause]
  return delayMs === 0 ? { kind: 'shown', cause } : { kind: 'coming', cause, atMs: nowMs + delayMs }
}
