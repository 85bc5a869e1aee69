/** The whole of Field Desk's HTTP: the login, the sync doors, the shop's doors, and the pages. */
import { problem, problemMediaType } from '@holdfast/core'
import { failureAnswer, type Log } from '@holdfast/server'
import { Hono } from 'hono'
import { secure } from './security-headers.ts'
import { answerWithFile, fileFor, type ServedFiles } from './static-files.ts'

/** What the app is put together from. */
export interface AppParts {
  readonly doors: readonly Hono[]
  readonly files: ServedFiles
  readonly log: Log
  /** Who a request is from; `null` when nobody is signed in. */
  readonly sessionOf: (request: Request) => Promise<{ readonly tenant: string; readonly user: string } | null>
}

/** Names whose session was answered, so that a page can throw away what was meant for somebody else in its browser. */
const sessionHeader = 'field-desk-session'

/** Puts the doors and the pages together. Doors come first; what none of them takes is a page or is not there. */
export function createApp({ doors, files, log, sessionOf }: AppParts): Hono {
  const app = new Hono()
  // The framework's own answer is no problem document, and it would print the error with the data in it.
  app.onError((error) => failureAnswer(error, log))
  app.use(async (context, next) => {
    await next()
    secure(context.res.headers)
  })
  app.get('/api/pos/*', async (context, next) => {
    await next()
    const session = await sessionOf(context.req.raw)
    if (session === null) return
    const { tenant, user } = session
    context.res.headers.set(sessionHeader, `${encodeURIComponent(tenant)}/${encodeURIComponent(user)}`)
    context.res.headers.set('cache-control', 'no-store')
  })
  for (const door of doors) app.route('/', door)
  app.all('*', (context) => {
    const file = fileFor(context.req.raw, files)
    return file === undefined ? nothingThere() : answerWithFile(context.req.raw, file)
  })
  return app
}

function nothingThere(): Response {
  const document = problem('not-found', 'There is nothing at this address.')
  const headers = { 'cache-control': 'no-store', 'content-type': problemMediaType }
  return new Response(JSON.stringify(document), { status: document.status, headers })
}
