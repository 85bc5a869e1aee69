import { expect, it } from 'vitest'
import { bannerDueMs, hideBanner, nextBanner, type BannerState } from './banner-state.ts'

const none: BannerState = { kind: 'none' }

it('says nothing of a short interruption', () => {
  const coming = nextBanner(none, 'offline', 0)
  expect(coming).toEqual({ kind: 'coming', cause: 'offline', atMs: 2000 })
  expect(nextBanner(coming, undefined, 1500)).toEqual(none)
})

it('says it when it lasts, and says when it is over', () => {
  const shown = nextBanner(nextBanner(none, 'offline', 0), 'offline', 2000)
  expect(shown).toEqual({ kind: 'shown', cause: 'offline' })
  const back = nextBanner(shown, undefined, 9000)
  expect(back).toEqual({ kind: 'back', untilMs: 15_000 })
  expect(bannerDueMs(back)).toBe(15_000)
  expect(nextBanner(back, undefined, 15_000)).toEqual(none)
})

it('stays away for the rest of the episode once it was hidden', () => {
  const hidden = hideBanner({ kind: 'shown', cause: 'server' })
  expect(nextBanner(hidden, 'server', 99_000)).toBe(hidden)
  expect(nextBanner(hidden, undefined, 99_000).kind).toBe('back')
})

it('asks at once for what only a person can do', () => {
  expect(nextBanner(none, 'signed-out', 0)).toEqual({ kind: 'shown', cause: 'signed-out' })
  expect(nextBanner(none, 'captive', 0)).toEqual({ kind: 'shown', cause: 'captive' })
})

it('changes its words without going away when the cause changes', () => {
  expect(nextBanner({ kind: 'shown', cause: 'offline' }, 'server', 0)).toEqual({ kind: 'shown', cause: 'server' })
  expect(nextBanner({ kind: 'shown', cause: 'signed-out' }, undefined, 0)).toEqual(none)
})
