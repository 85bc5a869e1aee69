/** Has the peer do something in its service worker, from outside. */
import type { Page } from '@playwright/test'
import type { Measurement } from './page/measurement.ts'
import type { WorkboxAnswer, WorkboxTask } from './page/workbox-worker.ts'
import { workerPath } from './site.ts'

/** Performs a task; `undefined` when it was not over after `limitMs`. It then goes on until its browser is closed. */
export async function askWorkbox(page: Page, task: WorkboxTask, limitMs: number): Promise<Measurement | undefined> {
  const answer = await page.evaluate(
    async ([path, asked, mostMs]) => {
      await navigator.serviceWorker.register(path)
      const { active } = await navigator.serviceWorker.ready
      if (active === null) throw new Error('the service worker is not active')
      const { port1, port2 } = new MessageChannel()
      return new Promise<WorkboxAnswer | undefined>((resolve) => {
        setTimeout(resolve, mostMs, undefined)
        port1.onmessage = ({ data }: MessageEvent<WorkboxAnswer>) => {
          resolve(data)
        }
        active.postMessage(asked, [port2])
      })
    },
    [workerPath, task, limitMs] as const,
  )
  if (answer !== undefined && 'error' in answer) throw new Error(`Workbox failed at ${task.kind}: ${answer.error}`)
  return answer
}
