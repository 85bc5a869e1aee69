export { TestDevice, type TestTabOptions } from './test-device.ts'
export type { TestClock } from './test-clock.ts'
export type { NetworkFault, TestNetwork } from './test-network.ts'
export { type TestDecider, type TestServer } from './test-server.ts'
