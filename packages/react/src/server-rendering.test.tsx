import type { Outbox } from '@holdfast/client'
import type { ReactElement } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'
import { idOf } from './outbox.fixture.ts'
import { OutboxProvider, useBackgroundSync, useEntries, useEntry, useSyncStatus } from './index.ts'

function Everything(): ReactElement {
  const { status } = useBackgroundSync()
  const pending = useSyncStatus(({ pending: count }) => count)
  const list = useEntries()
  const one = useEntry(idOf('a'))
  return <p>{JSON.stringify({ status: status ?? 'unknown', pending: pending ?? 'unknown', list, one })}</p>
}

/** The promise of an outbox that is never opened, as on a server. */
const never: Promise<Outbox> = new Promise(() => undefined)

it('a server renders that nothing is known yet, and claims no count', () => {
  const html = renderToString(
    <OutboxProvider outbox={never}>
      <Everything />
    </OutboxProvider>,
  ).replaceAll('&quot;', '"')
  expect(html).toContain('"status":"unknown"')
  expect(html).toContain('"pending":"unknown"')
  expect(html).toContain('"list":{"entries":[],"isLoading":true}')
  expect(html).toContain('"one":{"isLoading":true}')
})

it('R134 a hook without a provider says what to do', () => {
  expect(() => renderToString(<Everything />)).toThrow(/OutboxProvider/)
})
