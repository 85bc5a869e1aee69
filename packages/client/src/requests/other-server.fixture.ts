/** A server that knows nothing of Holdfast, for tests: it does what it is asked as often as it is asked. */

/** A request as that server saw it. */
export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: string
}

/** What the server does with a request; a thrown error is a connection that is cut. */
export type Behaviour = (request: SeenRequest) => Response

/** The server, and the network before it. */
export class OtherServer {
  readonly seen: SeenRequest[] = []
  behave: Behaviour = () => Response.json({ ok: true })
  isReachable: () => boolean = () => true

  /** The `fetch` of those who talk to it. A probe is answered and not kept. */
  readonly fetch: typeof fetch = (input, init = {}) => {
    if (!this.isReachable()) return Promise.reject(new TypeError('Failed to fetch'))
    const { method = 'GET', body } = init
    if (method === 'HEAD') return Promise.resolve(new Response(null, { status: 204 }))
    const url = input instanceof Request ? input.url : String(input)
    const request = { method, url, headers: new Headers(init.headers), body: typeof body === 'string' ? body : '' }
    this.seen.push(request)
    try {
      return Promise.resolve(this.behave(request))
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  get bodies(): readonly string[] {
    return this.seen.map(({ body }) => body)
  }
}
