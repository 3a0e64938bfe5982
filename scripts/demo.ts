// npm run demo: the product in one minute. A sandbox Gitea with a believable company in it, the built server beside it,
// and a real MCP client that plays the story over real HTTP. Stays up for trying when there is a terminal.
import { styleText } from 'node:util'
import { toErrorText } from '../src/lib/errors.js'
import type { Installation } from '../test/support/server-beside-sandbox.js'
import type { ServerProcess } from '../test/support/server-process.js'
import { toHints } from './demo/hints.js'
import { installStory, storyRules } from './demo/installation.js'
import { createNarrator, type Paint } from './demo/narrator.js'
import { playStory } from './demo/story.js'

const FRIENDLY_PORTS = { server: 8080, gitea: 3000 }
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true
// looks at NO_COLOR, FORCE_COLOR and whether stdout is a terminal
const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout })
const say = createNarrator((line) => process.stdout.write(`${line}\n`), paint)

let hasEnded = false
const ended = new Promise<void>((resolve) => {
  const end = () => {
    hasEnded = true
    resolve()
  }
  // on, not once: npm passes on the Ctrl-C that this process got already
  for (const signal of SIGNALS) {
    process.on(signal, end)
  }
  // the reader has seen enough, as in `make demo | head`
  process.stdout.on('error', end)
})

let installation: Installation | undefined
let server: ServerProcess | undefined
// for an end that nobody foresaw; after `stop` there is nothing left to signal
process.on('exit', () => server?.signal('SIGKILL'))
try {
  installation = await installStory(isTerminal ? FRIENDLY_PORTS : {})
  server = await installation.start()
  say.lines(
    paint('bold', 'AegisGitea MCP: AI clients work in your Gitea with your rights, and every call can be proven.'),
    '',
    `A sandbox Gitea runs at ${installation.gitea.url} and the server at ${installation.url}. Their rules:`,
    ...storyRules.map((rule) => `    ${rule}`),
  )
  await Promise.race([playStory(installation, say), ended])
  if (!hasEnded) {
    say.lines('', paint('bold', `All ${say.steps} steps came out as told.`))
    if (isTerminal) {
      say.lines('', 'It stays up until Ctrl-C. Try it:', '', ...toHints(installation, `kill -HUP ${server.pid}`))
      await Promise.race([ended, server.exited])
      if (!hasEnded) {
        throw new Error(`The server stopped by itself:\n${server.readLog().slice(-2000)}`)
      }
      say.lines('', 'Stopping; its files are removed.')
    }
  } else {
    process.exitCode = 130
  }
} catch (error) {
  // ended in the middle of a step, which then fails for that reason
  process.exitCode = hasEnded ? 130 : 1
  if (!hasEnded) {
    process.stderr.write(`\n${toErrorText(error)}\n`)
  }
} finally {
  await server?.stop()
  await installation?.remove()
}
// connections that clients keep open would hold the process for seconds
process.exit()
