/** What happens to papers: pure deciders. A paper is there, with its job, or neither is. */
import { isRecord } from '@holdfast/core'
import { applied, decide, on, refused, type Handler } from '@holdfast/server'
import { correctReading, mediaName, readJobType, requestReading } from '../operations.ts'

const onRequestReading: Handler = on(
  requestReading,
  decide(({ id: operation, payload, attachments }, existing, { user }) => {
    if (existing !== undefined) {
      return refused(`Paper ${payload.id} is on the server already. Read it again, or give a new one a new id.`)
    }
    const attached = attachments?.[mediaName]
    if (attached !== undefined && payload.mediaAssetId !== undefined && attached !== payload.mediaAssetId) {
      return refused('The paper names two files. Name the upload, or send the file along, not both.')
    }
    const mediaAssetId = payload.mediaAssetId ?? attached
    if (mediaAssetId === undefined) {
      return refused(`The paper names no file. Give mediaAssetId, or send the file along as "${mediaName}".`)
    }
    const { id, jobType, metadata } = payload
    const paper = { mediaAssetId, jobType, ...(metadata !== undefined && { metadata }) }
    return applied(
      { id, jobId: operation, ...paper, requestedBy: user },
      { ids: { paper: id, job: operation }, jobs: [{ type: readJobType, payload: { paperId: id, ...paper } }] },
    )
  }),
)

const onCorrectReading: Handler = on(
  correctReading,
  decide(({ payload: { paperId, fields } }, paper, { user }) => {
    if (!isRecord(paper?.state)) return refused(`There is no paper ${paperId} on the server.`)
    return applied({ ...paper.state, ...fields, correctedBy: user })
  }),
)

/** The handlers of the pack. */
export const ocrHandlers: readonly Handler[] = [onRequestReading, onCorrectReading]
