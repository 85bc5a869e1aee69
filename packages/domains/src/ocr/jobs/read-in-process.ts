/**
 * The module of a reading process: the work of the local engine. One thread for each, because as many run as there are
 * cores. `OCR_ENGINE` names one engine; without it, the first that loads.
 */
import type { JobWork } from '@holdfast/server'
import { engineNames, openOcrEngine } from '../engine/open-engine.ts'
import { readingWork } from './reading-work.ts'

const wanted = engineNames.find((name) => name === process.env['OCR_ENGINE'])

const work: JobWork = readingWork(() => openOcrEngine({ threads: 1, ...(wanted !== undefined && { engine: wanted }) }))

export default work
