/** What there is to say about the routes of the sync server. */
import { answerMediaType, changesPageMax } from '@holdfast/core'
import type { RouteAbout } from './route-table.ts'
import { schemaRef } from './wire-schemas.ts'

const signedIn = { 401: 'Nobody is signed in.', 403: 'The request is from another site, or another session.' }
const trouble = { 429: 'Too many; see Retry-After.', 503: 'Not to be had now; see Retry-After.' }

/** `POST /api/sync/offline-operations`. */
export const batchAbout: RouteAbout = {
  summary: 'Applies operations, each exactly once, in the order of its lane',
  description: 'Send again, with the same ids, whatever was not answered: what was applied is answered as a duplicate.',
  parameters: [
    {
      name: 'X-Batch-Size',
      in: 'header',
      description: 'How many operations there are; a mismatch is refused.',
      schema: { type: 'integer' },
    },
  ],
  takes: { mediaType: 'application/json', schema: schemaRef('BatchRequest') },
  answers: {
    mediaType: answerMediaType,
    schema: schemaRef('BatchAnswer'),
    description: 'An outcome for each operation.',
  },
  problems: {
    400: 'The batch cannot be read.',
    ...signedIn,
    413: 'The batch is too large; send half of it.',
    415: 'The body is no JSON.',
    ...trouble,
  },
}

/** `GET /api/sync/changes`. */
export const changesAbout: RouteAbout = {
  summary: "Gives a tenant's changes in their one gapless order, by pages",
  parameters: [
    {
      name: 'after',
      in: 'query',
      description: 'The last number the reader has; 0 from the start.',
      schema: { type: 'integer', minimum: 0 },
    },
    { name: 'epoch', in: 'query', description: 'The history that number belongs to.', schema: { type: 'string' } },
    {
      name: 'limit',
      in: 'query',
      description: 'Changes on a page.',
      schema: { type: 'integer', minimum: 1, maximum: changesPageMax },
    },
  ],
  answers: { mediaType: answerMediaType, schema: schemaRef('ChangesAnswer'), description: 'A page of changes.' },
  problems: { 400: 'The query cannot be read.', ...signedIn, ...trouble },
}

/** `GET /api/sync/events`. */
export const eventsAbout: RouteAbout = {
  summary: "Says where a tenant's feed stands, now and whenever it moves",
  description:
    'Server-sent events named `head` with { epoch, head }. Ends after some minutes; come back with Last-Event-ID.',
  parameters: [
    { name: 'Last-Event-ID', in: 'header', description: 'The last event that was heard.', schema: { type: 'string' } },
  ],
  answers: { mediaType: 'text/event-stream', schema: { type: 'string' }, description: 'A stream of events.' },
  problems: { ...signedIn, 405: 'Only GET gives a stream.', ...trouble },
}

/** `GET /api/sync/health`. */
export const healthAbout: RouteAbout = {
  summary: 'Says that it is us, and whose session this is',
  answers: { mediaType: answerMediaType, schema: schemaRef('HealthAnswer'), description: 'The server is there.' },
  problems: { 500: 'The server failed.', 503: 'Not to be had now; see Retry-After.' },
}

/** `GET` of the losing side of a conflict. */
export const losingSideAbout: RouteAbout = {
  summary: 'Gives the side that a conflict did not choose, by the id of the operation that met it',
  parameters: [{ name: 'id', in: 'path', description: 'The id of the operation.', schema: { type: 'string' } }],
  answers: {
    mediaType: answerMediaType,
    schema: { type: 'object' },
    description: 'What was not chosen, and its version.',
  },
  problems: { ...signedIn, 404: 'There is none.', ...trouble },
}
