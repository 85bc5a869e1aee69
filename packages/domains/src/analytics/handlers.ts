export { analyticsHandlers } from './deciders.ts'
export { analyticsDoors } from './doors.ts'
