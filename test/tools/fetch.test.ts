import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchDocument } from '../../src/tools/fetch.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

const load = async (id: string, overrides = {}) => (await alice.run(fetchDocument, { id }, overrides)).data

test('fetches what an id of search stands for', async () => {
  const text = await alice.text(fetchDocument, { id: 'gitea://harbor/infra/file/runbooks/restore.md' })

  expect(JSON.stringify(JSON.parse(text), null, 1)).toMatchInlineSnapshot(`
    "{
     "id": "gitea://harbor/infra/file/runbooks/restore.md",
     "title": "harbor/infra runbooks/restore.md",
     "text": "# Restore\\n\\n1. Stop the service.\\n2. Restore the newest dump.\\n3. Start it again.",
     "url": "https://gitea.example/harbor/infra/src/commit/<id>/runbooks/restore.md",
     "metadata": {
      "kind": "file",
      "ref": "main",
      "commit": "<id>"
     }
    }"
  `)
})

test('the text is the data and nothing else', async () => {
  const { data, text } = await alice.run(fetchDocument, { id: 'gitea://harbor/booking/issue/1' })

  expect(JSON.parse(text)).toEqual(data)
})

test('an issue comes with its comments', async () => {
  const index = await gitea.addIssue({
    owner: 'harbor',
    repo: 'booking',
    author: 'bob',
    title: 'Fog',
    body: 'No sight.',
  })
  await gitea.addComment({ owner: 'harbor', repo: 'booking', index, author: 'alice', body: 'Wait for the wind.' })

  expect(await load(`gitea://harbor/booking/issue/${index}`)).toMatchObject({
    title: `harbor/booking#${index} Fog`,
    text: expect.stringMatching(/^No sight\.\n\nalice on \d{4}-\d\d-\d\d:\nWait for the wind\.$/),
    url: `${gitea.url}/harbor/booking/issues/${index}`,
    metadata: { kind: 'issue', state: 'open', author: 'bob' },
  })
})

test('text by people who are not trusted is withheld', async () => {
  const document = await load('gitea://harbor/booking/issue/1', { trusts: () => false })

  expect(document.title).toContain('[withheld: ')
  expect(document.text).toContain('[withheld: ')
})

test('a repository is its description and its readme', async () => {
  expect(await load('gitea://harbor/booking')).toMatchObject({
    title: 'harbor/booking',
    text: expect.stringContaining('Booking service for the ferry lines of Harbor.'),
    metadata: { kind: 'repository', default_branch: 'main' },
  })
  expect(await load('gitea://alice/scratch')).toMatchObject({ metadata: { kind: 'repository' } })
})

test('a long text is cut and says what reads the rest', async () => {
  const long = Array.from({ length: 3000 }, (_, at) => `line ${at + 1}`).join('\n')
  await gitea.addRepository({
    owner: 'alice',
    name: 'lengthy',
    files: { 'long.txt': long, 'a.png': Buffer.from([0, 1]) },
  })

  const document = await load('gitea://alice/lengthy/file/long.txt')
  expect(String(document.text).length).toBeLessThan(20_000)
  expect(document.text).toMatch(/… lines \d+-3000: get_file_contents reads them\.$/)
  expect(await load('gitea://alice/lengthy/file/a.png')).toMatchObject({ text: expect.stringContaining('binary') })
})

test('what policy or grant keep back is not fetched', async () => {
  const file = 'gitea://harbor/infra/file/runbooks/restore.md'

  await expect(load(file, { mayUseRepository: () => false })).rejects.toThrow('may not use it')
  await expect(load(file, { mayReadPathIn: () => false })).rejects.toThrow('may not read it')
  const noReadme = await load('gitea://harbor/booking', { mayReadPathIn: () => false })
  expect(noReadme.text).not.toContain('ferry lines of Harbor.\n')
})

test.each([
  '',
  'gitea://harbor',
  'https://gitea.example/harbor',
  'gitea://harbor/booking/file/../x',
  'gitea://a/b/job/1/log',
])('%j is no id', async (id) => {
  await expect(load(id)).rejects.toThrow('id must be one that search returned')
})

test('what is not there, or not for this person, is not found', async () => {
  await expect(load('gitea://harbor/booking/file/none.md')).rejects.toMatchObject({ code: 'not_found' })
  await expect(load('gitea://harbor/booking/issue/99999')).rejects.toMatchObject({ code: 'not_found' })
  const mallory = await createToolRunner(gitea, 'mallory')
  await gitea.addRepository({ owner: 'alice', name: 'sealed', private: true, files: { 'a.txt': 'a\n' } })
  await expect(mallory.run(fetchDocument, { id: 'gitea://alice/sealed/file/a.txt' })).rejects.toMatchObject({
    code: 'not_found',
  })
  await mallory.close()
})
