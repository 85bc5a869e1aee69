/**
 * `node --conditions=holdfast-source e2e/crash/main.ts [--rounds 10] [--only field-desk|workbox]`: the crash protocol for Holdfast and, beside it,
 * for workbox-background-sync. Prints one line per subject and moment.
 */
import { parseArgs } from 'node:util'
import { startFieldDesk } from '../fixtures/field-desk-server.ts'
import { BreakableProxy } from '../proxy.ts'
import { startPeer } from '../workbox-peer/peer-server.ts'
import { fieldDeskSubject } from './field-desk-subject.ts'
import { crashRound, type CrashSubject, type Moment } from './round.ts'
import { workboxSubject } from './workbox-subject.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' }, only: { type: 'string' } } })
const rounds = Number(values.rounds)

async function run(subject: CrashSubject, moment: Moment): Promise<void> {
  let lost = 0
  let doubled = 0
  let acknowledged = 0
  let roundsWithLoss = 0
  for (let round = 0; round < rounds; round += 1) {
    const result = await crashRound(subject, moment, `${moment}-${round}-${crypto.randomUUID().slice(0, 8)}`)
    acknowledged += result.acknowledged
    lost += result.lost
    doubled += result.doubled
    if (result.lost > 0) roundsWithLoss += 1
  }
  const figures = `${rounds} rounds, ${acknowledged} acknowledged, lost ${lost} (in ${roundsWithLoss} rounds), doubled ${doubled}`
  console.log(`${subject.name}, killed ${moment} the server had the first request: ${figures}`)
}

const peer = await startPeer()
const peerProxy = new BreakableProxy()
await peerProxy.start(peer.port)
const desk = values.only === 'workbox' ? undefined : await startFieldDesk()
const deskProxy = new BreakableProxy()
if (desk !== undefined) await deskProxy.start(desk.port)
try {
  for (const moment of ['before', 'after'] as const) {
    if (desk !== undefined) await run(fieldDeskSubject(deskProxy, desk), moment)
    if (values.only !== 'field-desk') await run(workboxSubject(peerProxy, peer), moment)
  }
} finally {
  await Promise.all([peerProxy.close(), deskProxy.close()])
  await peer.close()
  await desk?.stop()
}
