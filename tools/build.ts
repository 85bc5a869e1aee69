// Builds Field Desk's pages, whether or not anything has changed since the last time.
import { build } from './app-build.ts'

await build()
