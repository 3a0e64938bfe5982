// npm run dev: the server beside a sandbox Gitea, with a readable log, started again after each change below src/.
// Sign-ins survive that: the database stays until Ctrl-C.
import { watch } from 'node:fs'
import { toErrorText } from '../src/lib/errors.js'
import type { ServerProcess } from '../test/support/server-process.js'
import { toHints } from './demo/hints.js'
import { installStory } from './demo/installation.js'
import { toReadableLog } from './dev/readable-log.js'
import { runChild } from './run-child.js'

const BUNDLE_TIMEOUT_MS = 60_000
/** Editors write a file in several steps. */
const SETTLE_MS = 200

const ended = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // on, not once: npm passes on the Ctrl-C that this process got already
    process.on(signal, () => resolve())
  }
  process.stdout.on('error', () => resolve())
})
const print = (line: string) => process.stdout.write(`${line}\n`)

const installation = await installStory({ server: 8080, gitea: 3000 })
let server: ServerProcess | undefined
// for an end that nobody foresaw; after `stop` there is nothing left to signal
process.on('exit', () => server?.signal('SIGKILL'))

let rest = ''
const onOutput = (chunk: string) => {
  const lines = (rest + chunk).split('\n')
  rest = lines.pop() ?? ''
  for (const line of lines) {
    print(toReadableLog(line))
  }
}

async function restart(): Promise<void> {
  const { code, lines } = await runChild({
    command: process.execPath,
    args: ['scripts/bundle.mjs'],
    timeoutMs: BUNDLE_TIMEOUT_MS,
  })
  if (code !== 0) {
    print(
      `${lines.join('\n')}\nNot built: ${server ? 'the server from before goes on' : 'waiting for the next change'}.`,
    )
    return
  }
  await server?.stop()
  server = undefined
  await start()
}

async function start(): Promise<void> {
  try {
    server = await installation.start({ onOutput })
  } catch (error) {
    // a change that does not start is what this command is there to show
    print(`${toErrorText(error).split('\n', 1)[0]} Waiting for the next change.`)
  }
}

let work = start()
await work
print(`\nGitea sandbox at ${installation.gitea.url}, the server at ${installation.url}. Ctrl-C ends both.\n`)
toHints(installation, 'save any file below src/').forEach(print)
print('')

let timer: NodeJS.Timeout | undefined
const watcher = watch('src', { recursive: true }, () => {
  clearTimeout(timer)
  timer = setTimeout(() => {
    work = work.then(restart)
  }, SETTLE_MS)
})

await ended
clearTimeout(timer)
watcher.close()
await work
await server?.stop()
await installation.remove()
// connections that clients keep open would hold the process for seconds
process.exit()
