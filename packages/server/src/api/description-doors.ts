/** The doors of the API's description: `GET /openapi.json` for machines and `GET /openapi` for people. */
import { Hono } from 'hono'
import { jsonAnswer } from '../http/answer.ts'
import { methodNotAllowed } from '../http/door.ts'
import { apiPage } from './api-page.ts'
import { describeApi, type DescribedApi } from './openapi.ts'

/**
 * Makes the doors. What they show is public: the shapes of requests, no data.
 *
 * @example
 * app.route('/', apiDescription({ title: 'My app', version: '1', routes: sync.api, operations }))
 */
export function apiDescription(api: DescribedApi): Hono {
  const document = describeApi(api)
  const page = apiPage(api)
  const app = new Hono()
  app.get('/openapi.json', () => jsonAnswer(document))
  app.get('/openapi', () => {
    const headers = { 'content-type': 'text/html; charset=utf-8', 'x-content-type-options': 'nosniff' }
    return new Response(page, { headers })
  })
  for (const path of ['/openapi.json', '/openapi']) app.all(path, methodNotAllowed('GET', 'HEAD'))
  return app
}
