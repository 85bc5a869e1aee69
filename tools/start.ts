// `npm start`: builds Field Desk if its sources have changed, then runs its server in this process, which prints the
// one line that says where it serves.
import { buildIfChanged } from './app-build.ts'

const startedAtMs = performance.now()
if (await buildIfChanged()) {
  console.error(`set-up: Field Desk built (${((performance.now() - startedAtMs) / 1000).toFixed(1)} s)`)
}
await import(new URL('../apps/field-desk/server/main.ts', import.meta.url).href)
