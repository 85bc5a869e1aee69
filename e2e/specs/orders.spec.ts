/** The main job: orders placed while nothing can be reached arrive once each, in order, and the page never says more than is true. */
import { ordersJourney } from '../fixtures/orders-journey.ts'

ordersJourney()
