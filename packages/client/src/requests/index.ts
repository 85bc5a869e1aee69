export { enqueueRequest, type RequestOptions } from './enqueue-request.ts'
export { requestOperations, type PlainRequest, type WriteMethod } from './plain-request.ts'
export { requestTransport, type RequestTransportOptions } from './request-transport.ts'
