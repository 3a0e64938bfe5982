import { parseArgs } from 'node:util'
import type { Config } from '../config/config.js'
import { type Command, type CommandIo, printLines } from './command.js'
import { checkApiKeys } from './doctor/api-keys.js'
import { checkAutomation } from './doctor/automation.js'
import { checkCall } from './doctor/call.js'
import type { Check } from './doctor/check.js'
import { checkGiteaDiscovery, checkGiteaVersion, type GiteaEndpoints } from './doctor/gitea.js'
import { checkGiteaClient } from './doctor/gitea-client.js'
import { checkIssuers } from './doctor/issuers.js'
import { checkChallenge, checkDiscovery, checkReachable, checkReady, checkRegistration } from './doctor/server.js'
import { checkServiceToken } from './doctor/service-token.js'
import { checkSettings } from './doctor/settings.js'
import { checkSignIn } from './doctor/sign-in.js'
import { checkStorage } from './doctor/storage.js'
import { checkTools } from './doctor/tools.js'
import { checkWebhooks } from './doctor/webhooks.js'

interface Section {
  readonly title: string
  readonly checks: readonly Check[]
}

/** `aegis doctor`: everything between an AI client and Gitea, in the order in which a sign-in meets it. */
export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'check everything a sign-in and a call need, and name what to fix',
  usage: `aegis doctor [--no-register] [--json]
  Walks settings, files, Gitea, this server and the way to sign in, and names what fails and how to mend it.
  Exit code 0 when nothing failed, 1 otherwise. It changes nothing, but registers one client that is never used and
  expires; --no-register leaves that out. With an access token of this server in AEGIS_DOCTOR_TOKEN it makes a call.
`,
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false }, 'no-register': { type: 'boolean', default: false } },
    })
    const found: Section[] = []
    for await (const section of walk(io, !values['no-register'])) {
      found.push(section)
      if (!values.json) {
        printLines(io.stdout, section.title, ...section.checks.flatMap(toLines), '')
      }
    }
    const failures = found.flatMap(({ checks }) => checks).filter(({ status }) => status === 'failed').length
    if (values.json) {
      const checks = found.flatMap(({ title, checks: each }) => each.map((check) => ({ section: title, ...check })))
      printLines(io.stdout, JSON.stringify({ ok: failures === 0, checks }, null, 2))
    } else {
      printLines(io.stdout, toVerdict(failures))
    }
    return failures === 0 ? 0 : 1
  },
}

async function* walk(io: CommandIo, registers: boolean): AsyncGenerator<Section> {
  const { checks, config } = checkSettings(io)
  yield { title: 'Settings', checks }
  if (config === undefined) {
    return
  }
  const { loadJobChecks, loadToolNames } = await import('./tool-names.js')
  const toolNames = (await loadToolNames()).map(({ name }) => name)
  const known = { toolNames, jobs: await loadJobChecks() }
  const files = checkStorage(config, known, io)
  yield { title: 'Files', checks: files }

  const isOk = (name: string) => files.some(({ step, status }) => step === name && status === 'ok')
  const keys = await checkApiKeys(config, isOk('database'), io)
  if (keys.length > 0) {
    yield { title: 'API keys', checks: keys }
  }

  const issuers = await checkIssuers(config)
  if (issuers.length > 0) {
    yield { title: 'Other identity providers', checks: issuers }
  }

  const gitea = await checkGitea(config)
  yield { title: 'Gitea', checks: gitea.checks }
  const readable = { database: isOk('database'), policy: isOk('policy') }
  const automation = await checkAutomation(config, known, readable, io)
  if (automation.length > 0) {
    yield { title: 'Automation', checks: automation }
  }
  const webhooks = gitea.endpoints === undefined ? [] : await checkWebhooks(config, io)
  if (webhooks.length > 0) {
    yield { title: 'Webhooks', checks: webhooks }
  }
  yield { title: 'This server', checks: await checkServer(config, gitea.endpoints, registers, io) }
}

async function checkGitea(
  config: Config,
): Promise<{ readonly checks: readonly Check[]; readonly endpoints: GiteaEndpoints | undefined }> {
  const version = await checkGiteaVersion(config.gitea.url)
  if (version[0]?.status === 'failed') {
    return { checks: version, endpoints: undefined }
  }
  const { checks, endpoints } = await checkGiteaDiscovery(config.gitea.url)
  const tools = await checkTools(config)
  const client = await checkGiteaClient(config, endpoints)
  const service = await checkServiceToken(config)
  return { checks: [...version, tools, ...checks, ...client, ...service], endpoints }
}

async function checkServer(
  config: Config,
  gitea: GiteaEndpoints | undefined,
  registers: boolean,
  { env }: CommandIo,
): Promise<Check[]> {
  const reachable = await checkReachable(config)
  if (reachable.status === 'failed') {
    return [reachable]
  }
  const ready = await checkReady(config)
  const discovery = await checkDiscovery(config)
  const registration = await checkRegistration(config, discovery.metadata, registers)
  return [
    reachable,
    ...ready,
    ...discovery.checks,
    await checkChallenge(config),
    registration.check,
    await checkSignIn(config, discovery.metadata, registration.clientId, gitea),
    await checkCall(config, env.AEGIS_DOCTOR_TOKEN || undefined),
  ]
}

const MARKS = { ok: '✓', warning: '!', failed: '✗', skipped: '–' } as const satisfies Record<Check['status'], string>

function toLines({ status, step, found, fix }: Check): string[] {
  return [
    `  ${MARKS[status]} ${step}: ${found.replaceAll('\n', '\n      ')}`,
    ...(fix === undefined ? [] : [`      → ${fix}`]),
  ]
}

function toVerdict(failures: number): string {
  if (failures === 0) {
    return 'Everything a sign-in needs is in place.'
  }
  return failures === 1
    ? 'One thing needs mending (✗ above).'
    : `${failures} things need mending (✗ above), from the top.`
}
