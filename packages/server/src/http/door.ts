/**
 * Doors: what every route of the API has in common. In this order: where the request comes from, whether there is room,
 * who sent it, how often they do, what it carries. Whatever goes wrong inside is a problem document; no error's text leaves the server.
 */
import { identityHeader, identityStamp, problem } from '@holdfast/core'
import type { Context } from 'hono'
import { isOutage } from '../database/sql-state.ts'
import type { Admission } from '../limits/admission.ts'
import { describeError, type Log } from '../log.ts'
import { problemAnswer } from './answer.ts'
import { crossSiteProblem } from './cross-site.ts'
import { readJsonBody } from './json-body.ts'

/** Who a request comes from. */
export interface Session {
  readonly tenant: string
  readonly user: string
  readonly roles: readonly string[]
}

/** Tells whose session a request belongs to; `null` when nobody is signed in. Never trusts a body. */
export type Authenticate = (request: Request) => Session | null | Promise<Session | null>

/** What every door needs. */
export interface DoorDependencies {
  readonly authenticate: Authenticate
  readonly log: Log
  /** Origins besides the server's own whose pages may change data. */
  readonly allowedOrigins: ReadonlySet<string>
  readonly admission: Admission
  /** Most bytes of a body. */
  readonly bodyBytesMax: number
}

/** A request that has passed a door's checks. */
export interface DoorRequest {
  readonly session: Session
  readonly request: Request
  /** The parsed JSON body; `undefined` at a door that does not read one. Nothing of it has been checked. */
  readonly body: unknown
}

/** A Hono handler. */
export type DoorHandler = (context: Context) => Promise<Response>

/** What a door takes: a JSON body, a body that it reads by itself, or none. The first two refuse other sites. */
export type DoorTakes = 'json' | 'stream' | 'nothing'

/** Makes the handler of a door for signed-in people. */
export function createDoor(
  dependencies: DoorDependencies,
  takes: DoorTakes,
  answer: (request: DoorRequest) => Promise<Response>,
): DoorHandler {
  return async (context) => {
    const request = context.req.raw
    try {
      // What only reads may be asked for from anywhere: no other site gets to see the answer.
      const isReading = takes === 'nothing' || (takes === 'stream' && ['GET', 'HEAD'].includes(request.method))
      if (!isReading) {
        const foreign = crossSiteProblem(request, dependencies.allowedOrigins)
        if (foreign !== undefined) return problemAnswer(foreign)
      }
      return await dependencies.admission.within(() => passSession(dependencies, takes, request, answer))
    } catch (error) {
      return failureAnswer(error, dependencies.log)
    }
  }
}

async function passSession(
  { authenticate, admission, bodyBytesMax }: DoorDependencies,
  takes: DoorTakes,
  request: Request,
  answer: (request: DoorRequest) => Promise<Response>,
): Promise<Response> {
  const session = await authenticate(request)
  if (session === null) return problemAnswer(problem('unauthenticated', 'Nobody is signed in'))
  const stamp = request.headers.get(identityHeader)
  if (stamp !== null && stamp !== identityStamp(session)) return problemAnswer(foreignStamp)
  const refusal = admission.refusalOf(session)
  if (refusal !== undefined) return refusal
  if (takes !== 'json') return answer({ session, request, body: undefined })
  const body = await readJsonBody(request, bodyBytesMax)
  if (body.problem !== undefined) return problemAnswer(body.problem)
  return answer({ session, request, body: body.value })
}

const foreignStamp = problem('wrong-identity', 'This page belongs to another session', {
  detail: 'Somebody else has signed in since it was opened; nothing was done. Reload it, or sign in as before.',
})

const unavailableRetryAfterMs = 5_000

/** The answer to a request that failed here: 503 while the database is not to be had, else 500. */
export function failureAnswer(error: unknown, log: Log): Response {
  log({ level: 'error', event: 'request-failed', message: 'A request failed.', error: describeError(error) })
  return isOutage(error)
    ? problemAnswer(problem('unavailable', 'The server is busy'), { retryAfterMs: unavailableRetryAfterMs })
    : problemAnswer(problem('internal', 'The server failed'))
}

/** A handler for what is not there. */
export function notFound(): Response {
  return problemAnswer(problem('not-found', 'There is nothing here'))
}

/** Makes a handler for methods that a path does not take. */
export function methodNotAllowed(...allow: readonly string[]): () => Response {
  return () => problemAnswer(problem('method-not-allowed', 'This path does not take that method'), { allow })
}
