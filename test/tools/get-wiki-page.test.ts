import { afterAll, beforeAll, expect, test } from 'vitest'
import { getWikiPage } from '../../src/tools/get-wiki-page.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

const notes = { owner: 'alice', repo: 'field-notes' }

async function addPage(title: string, content: string, repo = 'field-notes'): Promise<void> {
  await sendToGitea(gitea, 'alice', 'POST', `/repos/alice/${repo}/wiki/new`, {
    title,
    content_base64: Buffer.from(content).toString('base64'),
  })
}

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  await addPage('Home', '# Tides\n\nSee [[Häfen/Göteborg]].\n')
  await addPage('Häfen/Göteborg', 'Deep water, 50% of the year.\n')
  await addPage('2026-11-20 meeting', 'Nobody came.\n')
  await addPage('100% sure', 'No.\n')
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

test('lists the pages of a wiki', async () => {
  expect(await alice.text(getWikiPage, notes)).toMatchInlineSnapshot(`
    "4 wiki pages in alice/field-notes.
    100% sure <today> Alice Moreau
    2026-11-20 meeting <today> Alice Moreau
    Häfen/Göteborg <today> Alice Moreau
    Home <today> Alice Moreau"
  `)
})

test('reads one page', async () => {
  expect(await alice.text(getWikiPage, { ...notes, page_name: 'Home' })).toMatchInlineSnapshot(`
    "alice/field-notes wiki: Home, changed <today> by Alice Moreau:
    # Tides

    See [[Häfen/Göteborg]]."
  `)
})

test.each([
  ['2026-11-20 meeting', 'Nobody came.'],
  ['2026-11-20+meeting.-', 'Nobody came.'],
  ['Häfen/Göteborg', 'Deep water'],
  ['H%C3%A4fen%2FG%C3%B6teborg', 'Deep water'],
  ['100% sure', 'No.'],
  ['100%25-sure', 'No.'],
])('a page is found by its title and by the name in its address: %s', async (page_name, text) => {
  expect(await alice.text(getWikiPage, { ...notes, page_name })).toContain(text)
})

test('what is too long is cut, and says how to go on', async () => {
  await addPage('Long', Array.from({ length: 400 }, (_, at) => `Observation ${at + 1}`).join('\n'))
  const limits = { maxChars: 2000 }
  const first = await alice.text(getWikiPage, { ...notes, page_name: 'Long' }, { limits })

  expect(first).toMatch(/; lines 1-\d+ of 400, start_line=\d+ continues:\nObservation 1\n/)
  const next = Number(/start_line=(\d+)/.exec(first)?.[1])
  expect(await alice.text(getWikiPage, { ...notes, page_name: 'Long', start_line: next }, { limits })).toContain(
    `:\nObservation ${next}\n`,
  )
  await expect(alice.run(getWikiPage, { ...notes, page_name: 'Long', start_line: 401 })).rejects.toThrow(
    'The page has 400 lines; start_line=401 is past its end.',
  )
})

test('more pages than one list holds come in parts', async () => {
  await gitea.addRepository({ owner: 'alice', name: 'atlas', files: { 'a.md': 'a' } })
  for (const island of ['Aran', 'Bute', 'Coll']) await addPage(island, 'Sand.\n', 'atlas')
  const atlas = { owner: 'alice', repo: 'atlas' }
  const limits = { maxItems: 2 }

  expect(await alice.text(getWikiPage, atlas, { limits })).toMatch(
    /^wiki pages in alice\/atlas; 1-2 here, page=2 continues\.\nAran .*\nBute /,
  )
  expect(await alice.text(getWikiPage, { ...atlas, page: 2 }, { limits })).toMatch(
    /^wiki pages in alice\/atlas; 3-3 here, the last\.\nColl /,
  )
})

test('a page that is not there and a repository without wiki are told apart', async () => {
  await expect(alice.run(getWikiPage, { ...notes, page_name: 'Nowhere' })).rejects.toThrow(
    'There is no page "Nowhere" in the wiki of alice/field-notes, or this person may not see it.',
  )
  await expect(alice.run(getWikiPage, { owner: 'alice', repo: 'scratch' })).rejects.toThrow(
    'alice/scratch has no wiki, or this person may not see it.',
  )
  await expect(alice.run(getWikiPage, { owner: 'alice', repo: 'nowhere' })).rejects.toThrow(
    'There is no repository alice/nowhere',
  )
})

test('a name cannot lead out of the wiki', async () => {
  await expect(alice.run(getWikiPage, { ...notes, page_name: '../../pulls' })).rejects.toThrow()
  await expect(alice.run(getWikiPage, { ...notes, page_name: '%2e%2e/secrets' })).rejects.toThrow()
})
