/** The doors of the feed: changes by pages, and the stream of its head. */
import { changesPageMax, problem, type Problem } from '@holdfast/core'
import type { Database } from '../database/database.ts'
import { holdfastAnswer, problemAnswer } from '../http/answer.ts'
import type { DoorRequest } from '../http/door.ts'
import type { EventStreams } from './event-streams.ts'
import { readChanges, type FeedPlace } from './read-feed.ts'

const pageDefault = 100
const epochLengthMax = 200
const userRetryAfterMs = 30_000
const totalRetryAfterMs = 5_000

/** Answers `GET /api/sync/changes`. */
export async function answerChanges({ session, request }: DoorRequest, database: Database): Promise<Response> {
  const place = placeOf(new URL(request.url).searchParams)
  if ('type' in place) return problemAnswer(place)
  return holdfastAnswer(await readChanges(database, session.tenant, place))
}

/** Answers `GET /api/sync/events`. */
export function answerEvents({ session, request }: DoorRequest, streams: EventStreams): Response {
  // Without a body to give nobody would ever end the stream.
  if (request.method !== 'GET') return problemAnswer(notAStream, { allow: ['GET'] })
  const { tenant, user } = session
  const opened = streams.open({ tenant, user, lastEventId: request.headers.get('last-event-id') ?? undefined })
  if ('refused' in opened) {
    return opened.refused === 'user'
      ? problemAnswer(tooManyOfUser, { retryAfterMs: userRetryAfterMs })
      : problemAnswer(tooManyHere, { retryAfterMs: totalRetryAfterMs })
  }
  return new Response(opened.body, {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // A proxy that gathers an answer before it passes it on would hold the stream back for ever.
      'x-accel-buffering': 'no',
    },
  })
}

const notAStream = problem('method-not-allowed', 'This path does not take that method')
const tooManyOfUser = problem('rate-limited', 'Too many event streams', {
  detail: 'This person listens from as many places as may be. Share one stream over the tabs of a browser.',
})
const tooManyHere = problem('unavailable', 'The server has no room for more event streams')

function placeOf(query: URLSearchParams): FeedPlace | Problem {
  const after = countOf(query.get('after') ?? '0')
  const limit = countOf(query.get('limit') ?? String(pageDefault))
  const epoch = query.get('epoch') ?? undefined
  if (after === undefined) return badQuery('"after" is expected to be a whole number, 0 or more.')
  if (limit === undefined || limit < 1 || limit > changesPageMax) {
    return badQuery(`"limit" is expected to be a whole number from 1 to ${changesPageMax}.`)
  }
  if (epoch !== undefined && (epoch.length > epochLengthMax || epoch.includes('\0'))) {
    return badQuery('"epoch" is expected to be as an answer gave it.')
  }
  return { after, limit, ...(epoch !== undefined && { epoch }) }
}

function countOf(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function badQuery(detail: string): Problem {
  return problem('invalid-request', 'The query cannot be read', { detail })
}
