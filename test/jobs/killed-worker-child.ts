// A server's automation in a process of its own, to be killed:
//   node killed-worker-child.mjs <database> <migrations> <Gitea> <token> <issues as JSON> <until: forever|done>
// The gate, the queue, the worker and the ledger of effects are the product's; only HTTP towards clients is not there.
import { generateKeyPairSync } from 'node:crypto'
import { writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { createCheckpointSigner } from '../../src/audit/checkpoint.js'
import { openAuditLog } from '../../src/audit/log.js'
import { openStore } from '../../src/db/open.js'
import { createApprovals } from '../../src/gate/approvals.js'
import type { Gate } from '../../src/gate/call.js'
import { createLimits } from '../../src/gate/limits.js'
import { createOutbound } from '../../src/gate/outbound.js'
import { createPanicSwitch } from '../../src/gate/panic.js'
import { createPolicySource } from '../../src/gate/policy-source.js'
import { createRecentReads } from '../../src/gate/recent-reads.js'
import { createRepeats } from '../../src/gate/repeats.js'
import { createGiteaTransport } from '../../src/gitea/client.js'
import { createAutomationAccount } from '../../src/identity/automation-account.js'
import { createAutomation } from '../../src/jobs/automation.js'
import { defineJob } from '../../src/jobs/define-job.js'
import { systemClock } from '../../src/lib/clock.js'
import { createSilentLogger } from '../../src/lib/logger.js'
import { Secret } from '../../src/lib/secret.js'
import { MIB, MINUTE, SECOND } from '../../src/lib/units.js'
import { createObjectStore } from '../../src/objects/store.js'
import { parsePolicy } from '../../src/policy/load.js'
import { createCodeSearch } from '../../src/search/code-search.js'
import { createIssueComment } from '../../src/tools/create-issue-comment.js'
import { listIssueComments } from '../../src/tools/list-issue-comments.js'

const [path = '', migrationsPath = '', giteaUrl = '', token = '', issues = '[]', until = 'forever'] =
  process.argv.slice(2)

function say(line: string): void {
  writeSync(1, `${line}\n`)
}

const Issues = z.array(z.object({ owner: z.string(), repo: z.string(), issue_number: z.int() }))
const Comments = z.object({ comments: z.array(z.object({ author: z.string(), body: z.string() })) })

/** Writes two comments, each once, whatever happens in between. */
const leaveNotes = defineJob({
  name: 'leave_notes',
  title: 'Leave notes',
  description: 'For tests.',
  tools: ['create_issue_comment', 'list_issue_comments'],
  deadlineMs: MINUTE,
  maxAttempts: 1000,
  events: [],
  parameters: z.strictObject({}),
  dedupe: () => undefined,
  run: async ({ id, facts, change, read, login }) => {
    const issue = Issues.element.parse(facts.issue)
    say('working')
    for (const step of [1, 2]) {
      const marker = `note ${id} ${step}.`
      await change({
        key: `leave_notes:${id}:${step}`,
        tool: 'create_issue_comment',
        args: { ...issue, body: marker },
        what: `comment on #${issue.issue_number}`,
        find: async () => {
          const { comments } = await read('list_issue_comments', { ...issue, limit: 50 }, Comments)
          const found = comments.find(({ author, body }) => author === login && body === marker)
          say(found === undefined ? 'looked' : 'found')
          return found
        },
      })
    }
    return { summary: 'Two notes.' }
  },
})

const tools = [createIssueComment, listIssueComments]
const jobs = [leaveNotes]
const clock = systemClock
const log = createSilentLogger()
const folder = dirname(path)
const store = openStore({ path, migrationsPath })
const policyText = 'tools: {allow: [automation_leave_notes]}\n'
const gate: Gate = {
  narrowing: [],
  capabilities: { version: () => '1.26.0', missing: () => new Set() },
  tools: new Map(tools.map((tool) => [tool.name, tool])),
  gitea: createGiteaTransport({ baseUrl: giteaUrl, timeoutMs: 10 * SECOND, maxResponseBytes: MIB }),
  objects: createObjectStore({ path: join(folder, 'objects.db'), maxBytes: 0, clock }),
  search: createCodeSearch({ path: join(folder, 'search.db'), maxBytes: MIB, clock }),
  automation: () => undefined,
  panic: createPanicSwitch(store, clock),
  policy: createPolicySource(
    () =>
      parsePolicy(policyText, {
        file: 'policy.yaml',
        toolNames: [...tools.map(({ name }) => name), 'automation_leave_notes'],
      }),
    log,
    () => {},
  ),
  limits: createLimits(
    store.sqlite,
    { perAddressPerMinute: 1e6, perTokenPerMinute: 1e6, authFailures: 5, authFailureWindowMs: MINUTE },
    clock,
  ),
  approvals: createApprovals(store, clock),
  repeats: createRepeats(clock),
  recentReads: createRecentReads(store, clock),
  audit: openAuditLog(store, {
    clock,
    signer: createCheckpointSigner(generateKeyPairSync('ed25519').privateKey),
    logger: log,
    checkpointEvery: 1e6,
    checkpointIntervalMs: MINUTE,
  }),
  outbound: createOutbound({ mode: 'mask', maxChars: 20_000 }),
  write: { enabled: true, allRepositories: true, repositories: new Set() },
  authorTrust: 'all',
  toolLimits: { maxItems: 100, maxChars: 20_000, maxFileBytes: 10_000 },
  deadlineMs: 10 * SECOND,
  metrics: { observeCall: () => {} },
  clock,
  log,
}
const automation = createAutomation({
  gate,
  store,
  account: createAutomationAccount({ gitea: gate.gitea, token: new Secret(token), clock }),
  jobs,
  concurrency: 4,
  jobsPerHour: 100_000,
  isScheduled: false,
  alertTarget: undefined,
  metrics: { countJob: () => {}, countAlert: () => {} },
  findPause: () => undefined,
  random: Math.random,
})
say('open')
const places = Issues.parse(JSON.parse(issues))
if (until === 'forever') {
  // always enough to do: whenever the process is killed, it is in the middle of something
  for (let at = automation.queue.counts().ready; at < 12; at += 1) {
    const issue = places[Math.floor(Math.random() * places.length)]
    const repository = issue === undefined ? '' : `${issue.owner}/${issue.repo}`
    automation.queue.enqueue({
      kind: 'leave_notes',
      repository,
      facts: { issue },
      trigger: 'manual',
      triggeredBy: 'test',
    })
  }
  automation.runner.wake()
} else {
  await automation.runner.idle()
  say(JSON.stringify(automation.queue.counts()))
  process.exit(0)
}
