import type { Step } from '../context.js'

/** JSON, because it is mostly discovery clients that end here: they probe addresses and read the status. */
export function answerNotFound(): Step {
  return async function answerNotFoundStep(ctx) {
    ctx.status = 404
    ctx.body = { error: 'not_found', error_description: 'There is nothing at this address.' }
  }
}
