import { runCli } from './cli/commands.js'
import { loadProcessEnv } from './config/env.js'

process.exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: loadProcessEnv(),
  cwd: process.cwd(),
})
