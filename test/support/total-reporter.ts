import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node'

/** Closes a run with one plain line, `N passed, N failed`: what counts, for people and for programs that look at it. */
export class TotalReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[], reason: TestRunEndReason): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const count = (state: string) => tests.filter((test) => test.result().state === state).length
    // a file that could not be collected, and an error that no test caught, are failures too
    const broken = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0).length
    const failed = count('failed') + broken + unhandledErrors.length
    const skipped = count('skipped')
    process.stdout.write(`\n${count('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
    if (reason === 'interrupted') {
      process.stdout.write('The run was interrupted.\n')
    }
  }
}
