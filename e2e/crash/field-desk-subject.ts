/** Field Desk under the crash protocol: orders placed by hand in its own pages. */
import { FieldDeskPage } from '../fixtures/field-desk-page.ts'
import type { FieldDeskServer } from '../fixtures/field-desk-server.ts'
import { ordersOnServer } from '../fixtures/server-truth.ts'
import { batchDoor, type BreakableProxy } from '../proxy.ts'
import type { CrashSubject } from './round.ts'

/** Makes Field Desk a subject; the proxy stands in front of its server. */
export function fieldDeskSubject(proxy: BreakableProxy, server: FieldDeskServer): CrashSubject {
  return {
    name: 'Holdfast',
    proxy,
    door: batchDoor,
    prepare: async (page) => {
      const desk = new FieldDeskPage(page, proxy.url)
      await desk.signIn('ana@north.example')
      await desk.workerReady()
    },
    write: async (page, id) => {
      await new FieldDeskPage(page, proxy.url).placeOrder(id)
    },
    recover: async (page) => {
      const desk = new FieldDeskPage(page, proxy.url)
      await desk.open()
      // A cookie is written to disk up to half a minute late: a browser that dies before that forgets the sign-in. The
      // app still opens, because its registry knows who works here.
      if (await desk.asksToSignIn()) throw new Error('the app was expected to open for ana')
      if (await desk.isSignedOut()) await desk.signIn('ana@north.example', '/sign-in')
      await desk.nothingPending()
    },
    arrived: async () => (await ordersOnServer(server.port, 'ana@north.example')).map(({ note }) => note),
  }
}
