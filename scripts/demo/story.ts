import { seedPeople } from '../../test/support/seed-gitea.js'
import { seedSecrets } from '../../test/support/seed-secrets.js'
import type { Installation } from '../../test/support/server-beside-sandbox.js'
import { playAudit } from './audit-story.js'
import { createDemoClient, type DemoClient } from './client.js'
import { readConsentPage } from './consent-page.js'
import { expectSeen, type Narrator } from './narrator.js'

const INFRA = { owner: 'harbor', repo: 'infra' }
const SECRET_FILE = 'deploy/booking.env'
const ISSUE_TITLE = `Move the credentials out of ${SECRET_FILE}`

/**
 * Plays the whole story against a running server.
 *
 * @throws StepFailed naming the step that did not come out as told
 */
export async function playStory(installation: Installation, say: Narrator): Promise<void> {
  const mcpUrl = `${installation.url}/mcp`
  const alice = createDemoClient(mcpUrl, 'Harbor Assistant', seedPeople.alice)
  const mallory = createDemoClient(mcpUrl, 'Harbor Assistant', seedPeople.mallory)
  try {
    await playSignIn(alice, { mcpUrl, giteaUrl: installation.gitea.url }, say)
    await playReading(alice, say)
    await playWriting(alice, say)
    await playMallory(mallory, say)
    await playAudit(installation, say)
    await playRevocation(alice, say)
  } finally {
    await Promise.all([alice.close(), mallory.close()])
  }
}

async function playSignIn(
  alice: DemoClient,
  { mcpUrl, giteaUrl }: { readonly mcpUrl: string; readonly giteaUrl: string },
  say: Narrator,
): Promise<void> {
  await say.step('An AI client is given one address and nothing else', async () => {
    say.asks(`POST ${mcpUrl}, without a token`)
    const { refusal, clientId } = await alice.knock()
    expectSeen(refusal.status === 401 && refusal.challenge.includes('resource_metadata='), '401', refusal.challenge)
    say.refused(`${refusal.status}, with the address where sign-in is described`)
    say.note(`It reads that, registers itself as ${clientId} and opens Alice’s browser.`)
  })

  await say.step('Alice signs in at Gitea, then this server asks her what the client may do', async () => {
    const { question, abilities } = readConsentPage(await alice.agree())
    expectSeen(question.includes('Harbor Assistant') && question.includes('as alice?'), 'who asks for whom', question)
    expectSeen(
      abilities.some((item) => item.startsWith('not change anything')),
      'a reading client',
      abilities,
    )
    say.shows(question, ...abilities.map((item) => ` · ${item}`))
    expectSeen(alice.scope() === 'read:repository', 'a token for reading', alice.scope())
    const status = await alice.tryTokenAt(`${giteaUrl}/api/v1/user`)
    expectSeen(status === 401, 'Gitea not to know the token', status)
    say.note(
      `She presses Allow. The client gets a token for ${alice.scope()}; at Gitea itself it opens nothing (${status}).`,
    )
  })
}

async function playReading(alice: DemoClient, say: Narrator): Promise<void> {
  await say.step('The client sees what Alice sees: it lists her repositories and reads a file', async () => {
    const tools = await alice.connect()
    const { lines, isError, text } = await alice.call('list_repositories')
    expectSeen(!isError && text.includes('harbor/infra (private)'), 'Alice’s repositories', text)
    say.asks(`list_repositories   (one of ${tools.length} tools)`)
    say.gets(...lines)
    const file = {
      owner: 'harbor',
      repo: 'booking',
      filepath: 'src/booking/cancel-rules.ts',
      start_line: 2,
      end_line: 4,
    }
    const read = await alice.call('get_file_contents', file)
    expectSeen(!read.isError && read.text.includes('mayCancel'), 'the source code', read.text)
    say.asks(`get_file_contents  harbor/booking  ${file.filepath}, lines 2 to 4`)
    say.gets(...read.lines.slice(1))
  })

  await say.step('Secrets stay behind: they are masked on the way out', async () => {
    const { lines, isError, text } = await alice.call('get_file_contents', { ...INFRA, filepath: SECRET_FILE })
    expectSeen(!isError && text.includes('AWS_REGION=eu-north-1'), 'the rest of the file', text)
    expectSeen(text.split('[secret masked').length - 1 === 4, 'four masked secrets', text)
    const leaked = Object.entries(seedSecrets).filter(([, value]) => text.includes(value))
    expectSeen(
      leaked.length === 0,
      'no secret in the answer',
      leaked.map(([name]) => name),
    )
    say.asks(`get_file_contents  harbor/infra  ${SECRET_FILE}`)
    say.gets(...lines.slice(4))
  })

  await say.step('The admin’s policy narrows what Alice’s own rights would allow', async () => {
    const tree = await alice.call('get_file_tree', { ...INFRA, recursive: true })
    expectSeen(!tree.isError && !tree.text.includes('runbooks'), 'a tree without runbooks/', tree.text)
    expectSeen(tree.text.includes('1 entry not shown'), 'a word that something is missing', tree.text)
    say.asks('get_file_tree      harbor/infra')
    say.gets(...tree.lines.slice(2))
    const filepath = 'runbooks/restore.md'
    const file = await alice.call('get_file_contents', { ...INFRA, filepath })
    expectSeen(file.isError && file.text.includes('policy'), 'a refusal by the policy', file.text)
    say.asks(`get_file_contents  harbor/infra  ${filepath}`)
    say.refused(...file.lines)
  })
}

async function playWriting(alice: DemoClient, say: Narrator): Promise<void> {
  const create = (repo: string) => alice.call('create_issue', { ...INFRA, repo, title: ISSUE_TITLE })

  await say.step('It tries to write. Alice allowed reading only, so she is asked once more', async () => {
    say.asks(`create_issue       harbor/infra  “${ISSUE_TITLE}”`)
    const { refusal } = await create('infra')
    expectSeen(refusal?.status === 403, 'HTTP 403', refusal?.status)
    const scope = /scope="([^"]+)"/.exec(refusal.challenge)?.[1]
    expectSeen(scope === 'read:repository write:repository', 'a challenge for both scopes', refusal.challenge)
    say.refused(`403 insufficient_scope: ask for “${scope}”`)
    const { question, abilities } = readConsentPage(await alice.agree())
    const [added = ''] = abilities
    expectSeen(question.includes('to change things') && added.startsWith('New'), 'what is new', question)
    say.shows(question, ` · ${added.replace(/^New /, 'NEW: ')}`)
    expectSeen(alice.scope().includes('write:repository'), 'a token for writing', alice.scope())
  })

  await say.step('Now the issue is created, and only where the operator opened writing', async () => {
    const { lines, isError, text } = await create('infra')
    expectSeen(!isError && text.includes('Created harbor/infra#1'), 'a new issue', text)
    say.asks(`create_issue       harbor/infra  “${ISSUE_TITLE}”`)
    say.gets(...lines.slice(0, 1))
    const elsewhere = await create('booking')
    expectSeen(elsewhere.isError && elsewhere.text.includes('WRITE_REPOSITORY_WHITELIST'), 'no', elsewhere.text)
    say.asks('create_issue       harbor/booking')
    say.refused(...elsewhere.lines)
  })
}

async function playMallory(mallory: DemoClient, say: Narrator): Promise<void> {
  await say.step('Mallory signs in with the same client. Her rights are not Alice’s', async () => {
    await mallory.knock()
    await mallory.agree()
    await mallory.connect()
    const listed = await mallory.call('list_repositories')
    expectSeen(!listed.isError && listed.text.includes('No repositories'), 'an empty list', listed.text)
    say.asks('list_repositories')
    say.gets(...listed.lines)
    const issue = await mallory.call('get_issue', { ...INFRA, issue_number: 1 })
    expectSeen(issue.isError && !issue.text.includes(ISSUE_TITLE), 'no issue', issue.text)
    say.asks('get_issue          harbor/infra  #1')
    say.refused(...issue.lines)
  })
}

async function playRevocation(alice: DemoClient, say: Narrator): Promise<void> {
  await say.step('Alice disconnects the client: its very next call is refused', async () => {
    const status = await alice.revoke()
    expectSeen(status === 200, 'the revocation to be taken', status)
    say.asks(`POST /revoke → ${status}, then list_repositories`)
    const { refusal } = await alice.call('list_repositories')
    expectSeen(refusal?.status === 401, 'HTTP 401', refusal?.status)
    say.refused(`${refusal.status}: sign in again`)
  })
}
