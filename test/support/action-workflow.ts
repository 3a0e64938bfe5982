import type { NewActionRun } from './gitea-under-test.js'

/** The workflow file of a run; a job without a result asks for a runner that there is not. */
export function toWorkflow({ jobs }: NewActionRun): string {
  const blocks = jobs.map(
    ({ name, result }) => `  ${name}:
    runs-on: ${result === undefined ? 'nobody' : 'ubuntu-latest'}
    steps:
      - run: make ${name}
`,
  )
  return `on: push\njobs:\n${blocks.join('')}`
}
