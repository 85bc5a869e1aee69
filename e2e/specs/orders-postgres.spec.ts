/** The main job again, with the server on a real PostgreSQL. */
import { ordersJourney } from '../fixtures/orders-journey.ts'
import { test } from '../fixtures/test.ts'

test.use({ database: 'postgres' })

ordersJourney()
