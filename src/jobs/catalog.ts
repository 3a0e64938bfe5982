import type { Job } from './define-job.js'

/** Every job there is. */
export const jobs: readonly Job[] = []
