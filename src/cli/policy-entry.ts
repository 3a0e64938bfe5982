import type { Command } from './command.js'
import { policyCommand } from './policy.js'
import { toPolicyPath } from './state-file.js'
import { loadJobChecks, loadToolNames } from './tool-names.js'

/** `aegis policy` with the settings it needs. */
export const policyEntry: Command = {
  name: policyCommand.name,
  summary: policyCommand.summary,
  usage: policyCommand.usage,
  run: async (args, io) =>
    policyCommand.run(args, {
      policyPath: toPolicyPath(io),
      toolNames: await loadToolNames(),
      jobs: await loadJobChecks(),
      stdout: io.stdout,
      stderr: io.stderr,
    }),
}
