/**
 * The tus 1.0 protocol (resumable uploads) behind our own checks: who asks, whose upload it is, what it was announced as.
 *
 *   POST   begins one: Upload-Length, and Upload-Metadata with sha256 (hex) and the operation that will name it
 *   HEAD   tells how far it is    PATCH sends more    DELETE forgets one that is not whole
 *
 * The last byte's answer comes after the file is kept. Should that answer be lost, HEAD keeps the file as well, so a
 * client that resumes finds it whole. Of somebody else's upload nobody can tell that it exists.
 */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { problem, type Problem } from '@holdfast/core'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'
import { problemAnswer } from '../http/answer.ts'
import type { DoorRequest, Session } from '../http/door.ts'
import { describeError, type Log } from '../log.ts'
import { keep, type KeepDependencies } from './keep.ts'
import { beginUpload, dropUpload, readUpload, type Upload, type UploadQuota } from './upload-rows.ts'

/** Where uploads are sent. */
export const uploadsPath = '/api/sync/uploads'

/** What the tus door needs. */
export interface TusDependencies extends KeepDependencies {
  readonly sizeBytesMax: number
  readonly quota: UploadQuota
  readonly nowMs: () => number
  readonly log: Log
}

/** Answers one request of the protocol. */
export type TusDoor = (request: DoorRequest) => Promise<Response>

/** An answer of ours from within the protocol's machinery. */
class Refusal extends Error {
  readonly problem: Problem

  constructor(refusal: Problem) {
    super(refusal.title)
    this.problem = refusal
  }
}

const idPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Makes the door. */
export function createTusDoor(dependencies: TusDependencies): TusDoor {
  const { database, blobs, sizeBytesMax, quota, nowMs, log } = dependencies
  const sessions = new WeakMap<object, Session>()
  const refusals = new WeakMap<object, Problem>()
  const sessionOf = (request: object): Session => {
    const session = sessions.get(request)
    if (session === undefined) throw new TypeError('a request of tus came past the door')
    return session
  }
  const fileOf = (tenant: string, id: string): string => join(blobs.incoming, blobs.incomingName(tenant, id))

  const forget = async (tenant: string, id: string): Promise<void> => {
    await database.tx(tenant, ({ query }) => dropUpload(query, tenant, id))
    await rm(fileOf(tenant, id), { force: true })
    await rm(`${fileOf(tenant, id)}.json`, { force: true })
  }

  /** Keeps what has arrived; what can never be kept is forgotten. */
  const keepArrived = async (tenant: string, upload: Upload): Promise<void> => {
    const kept = await keep(dependencies, tenant, upload, fileOf(tenant, upload.id))
    if ('problem' in kept) {
      await forget(tenant, upload.id)
      throw new Refusal(kept.problem)
    }
    await rm(fileOf(tenant, upload.id), { force: true })
    await rm(`${fileOf(tenant, upload.id)}.json`, { force: true })
  }

  const tus = new Server({
    path: uploadsPath,
    datastore: new FileStore({ directory: blobs.incoming }),
    relativeLocation: true,
    maxSize: sizeBytesMax,
    namingFunction: (request) => blobs.incomingName(sessionOf(request).tenant, randomUUID()),
    generateUrl: (_request, { path, id }) => `${path}/${id.slice(id.indexOf('~') + 1)}`,
    getFileIdFromRequest: (request, last = '') =>
      idPattern.test(last) ? blobs.incomingName(sessionOf(request).tenant, last) : undefined,
    onUploadCreate: async (request, { id, size, metadata = {} }) => {
      const { tenant, user } = sessionOf(request)
      const begun = announced(id.slice(id.indexOf('~') + 1), user, size, metadata)
      const isWithin = await database.tx(tenant, ({ query }) => beginUpload(query, tenant, begun, quota, nowMs()))
      if (!isWithin) throw new Refusal(quotaUsed)
      // Nothing that a client says of a file is kept beside it.
      return { metadata: {} }
    },
    onUploadFinish: async (request, { id }) => {
      const { tenant } = sessionOf(request)
      const own = id.slice(id.indexOf('~') + 1)
      const upload = await database.tx(tenant, ({ query }) => readUpload(query, tenant, own))
      if (upload === undefined) throw new Refusal(notThere)
      await keepArrived(tenant, upload)
      return {}
    },
    onResponseError: (request, error) => {
      if (error instanceof Refusal) refusals.set(request, error.problem)
      else if (error instanceof Error) {
        log({ level: 'error', event: 'upload-failed', message: 'An upload failed.', error: describeError(error) })
      }
      return undefined
    },
  })

  /** Answers about an upload that is whole, whose file tus does not have any more. */
  const answerWhole = (method: string, { sizeBytes }: Upload): Response => {
    const headers = { 'tus-resumable': '1.0.0', 'cache-control': 'no-store' }
    if (method === 'DELETE') return problemAnswer(isWhole)
    const state = { 'upload-offset': String(sizeBytes), 'upload-length': String(sizeBytes) }
    // What comes again of a file that is whole adds nothing, and the client learns that it is whole.
    return new Response(null, { status: method === 'HEAD' ? 200 : 204, headers: { ...headers, ...state } })
  }

  return async ({ session, request }) => {
    sessions.set(request, session)
    const { tenant, user } = session
    const { method } = request
    if (method !== 'POST' && method !== 'OPTIONS') {
      const id = new URL(request.url).pathname.slice(uploadsPath.length + 1)
      const upload = idPattern.test(id)
        ? await database.tx(tenant, ({ query }) => readUpload(query, tenant, id))
        : undefined
      if (upload === undefined || upload.user !== user) return problemAnswer(notThere)
      if (upload.kept !== undefined) return answerWhole(method, upload)
      if (method === 'DELETE') {
        await forget(tenant, id)
        return new Response(null, { status: 204, headers: { 'tus-resumable': '1.0.0' } })
      }
      if (method === 'HEAD') {
        const answer = await tus.handleWeb(request)
        if (Number(answer.headers.get('upload-offset') ?? -1) < upload.sizeBytes) return answer
        try {
          await keepArrived(tenant, upload)
          return answerWhole(method, upload)
        } catch (error) {
          if (error instanceof Refusal) return problemAnswer(error.problem)
          throw error
        }
      }
    }
    const answer = await tus.handleWeb(request)
    const refusal = refusals.get(request)
    if (refusal !== undefined) return problemAnswer(refusal)
    // Its own words may name files of ours.
    if (answer.status >= 500) return problemAnswer(busy, { retryAfterMs: busyRetryAfterMs })
    return answer
  }
}

/** What an upload was announced as. */
function announced(
  id: string,
  user: string,
  size: number | undefined,
  metadata: Readonly<Record<string, string | null>>,
): Upload {
  const { sha256, operation = null } = metadata
  if (size === undefined || size < 1) throw new Refusal(badAnnouncement('Upload-Length with one byte or more'))
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new Refusal(badAnnouncement('Upload-Metadata with sha256, 64 hexadecimal digits in lower case'))
  }
  if (operation !== null && !/^[\w.:-]{1,128}$/.test(operation)) {
    throw new Refusal(badAnnouncement('Upload-Metadata whose operation, if there, is an operation id'))
  }
  return { id, user, operation, sha256, sizeBytes: size }
}

function badAnnouncement(expected: string): Problem {
  return problem('invalid-request', 'The upload is not announced as it must be', { detail: `Expected ${expected}.` })
}

const notThere = problem('not-found', 'There is nothing here')
const isWhole = problem('forbidden', 'The upload is whole', { detail: 'An operation may name it, so it stays.' })
const busy = problem('unavailable', 'The file could not be kept now', {
  detail: 'What has arrived is still there; go on later.',
})
const busyRetryAfterMs = 5_000

const quotaUsed = problem('rate-limited', 'Too much was sent within a day', {
  detail: 'The number or size of your uploads has reached its limit. Try again later.',
})
