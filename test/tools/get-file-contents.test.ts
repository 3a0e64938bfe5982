import { afterAll, beforeAll, expect, test } from 'vitest'
import { getFileContents } from '../../src/tools/get-file-contents.js'
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

const empty = { owner: 'alice', repo: 'scratch' }
const files = { owner: 'alice', repo: 'kinds' }
const long = Array.from({ length: 3000 }, (_, at) => `line ${at + 1}`).join('\n')

beforeAll(async () => {
  await gitea.addRepository({
    owner: 'alice',
    name: 'kinds',
    files: {
      'long.txt': `${long}\n`,
      'empty.txt': '',
      'crlf.txt': 'a\r\nb\r\n',
      'latin1.txt': Buffer.from('caf\xe9 na\xefve\n', 'latin1'),
      'wide.txt': Buffer.from('\ufeffhello wide\n', 'utf16le'),
      'picture.png': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 1]),
      'big.txt': 'x'.repeat(70_000),
      'art.psd': `version https://git-lfs.github.com/spec/v1\noid sha256:${'4d'.repeat(32)}\nsize 12345\n`,
      'link.md': { symlink: 'secrets/key.md' },
      'secrets/key.md': 'hidden\n',
      library: { submodule: '1111111111111111111111111111111111111111' },
      '.gitmodules': '[submodule "library"]\n\tpath = library\n\turl = https://gitea.example/bob/library.git\n',
      'odd/a # strange ? name+100%.md': 'odd\n',
    },
    commits: [{ message: 'on a branch', branch: 'other', files: { 'long.txt': 'short now\n' } }],
  })
})

const read = (filepath: string, more: Record<string, unknown> = {}) =>
  alice.text(getFileContents, { ...files, filepath, ...more })

test('shows the text of a file after one line about it', async () => {
  expect(
    await alice.text(getFileContents, { owner: 'harbor', repo: 'infra', filepath: 'runbooks/restore.md' }),
  ).toMatchInlineSnapshot(`
    "runbooks/restore.md, 79 B:
    # Restore

    1. Stop the service.
    2. Restore the newest dump.
    3. Start it again."
  `)
})

test('a long file says how much there is and how to go on', async () => {
  const shown: string[] = []
  let from: number | undefined = 1
  while (from !== undefined) {
    const part = await read('long.txt', { start_line: from })
    expect(part.length).toBeLessThan(20_000)
    shown.push(...part.split('\n').slice(1))
    const next = /start_line=(\d+) continues/.exec(part.split('\n')[0] ?? '')?.[1]
    from = next === undefined ? undefined : Number(next)
  }

  expect(shown.join('\n')).toBe(long)
})

test('a range of lines is just that', async () => {
  expect(await read('long.txt', { start_line: 100, end_line: 102 })).toBe(
    'long.txt, 29 KB; lines 100-102 of 3000, start_line=103 continues:\nline 100\nline 101\nline 102',
  )
  await expect(read('long.txt', { start_line: 3001 })).rejects.toThrow(
    'has 3000 lines; start_line=3001 is past its end',
  )
  await expect(read('long.txt', { start_line: 5, end_line: 4 })).rejects.toThrow(
    'end_line must not be before start_line',
  )
})

test('a line that alone is too long is cut and says so', async () => {
  const text = await read('big.txt')

  expect(text).toMatch(/^big.txt, 70 KB; line 1 is too long, 50600 characters of it are left out:/)
  expect(text.length).toBeLessThan(20_000)
})

test('reads other encodings and keeps line ends', async () => {
  expect(await read('latin1.txt')).toBe('latin1.txt, 11 B; read as Latin-1:\ncafé naïve')
  expect(await read('wide.txt')).toBe('wide.txt, 24 B; read as UTF-16:\nhello wide')
  expect(await read('crlf.txt')).toBe('crlf.txt, 6 B:\na\r\nb\r')
  expect(await read('empty.txt')).toBe('empty.txt is empty.')
})

test('what is no text gets a sentence instead', async () => {
  expect(await read('picture.png')).toBe('picture.png is a binary file of 7 B; its content is not shown.')
  expect(await read('art.psd')).toContain('is kept in Git LFS: 12 KB, sha256:4d4d')
  expect(await read('library')).toBe(
    'library is a submodule: another repository, https://gitea.example/bob/library.git.',
  )
})

test('several files come in one answer, each with what can be said about it', async () => {
  const filepaths = ['empty.txt', 'none.md', 'picture.png', 'secrets/key.md', 'latin1.txt', 'latin1.txt']
  const text = await alice.text(getFileContents, { ...files, filepaths }, { mayReadPath: (path) => !/key/.test(path) })

  expect(text).toMatchInlineSnapshot(`
    "=== empty.txt is empty.
    === none.md: alice/kinds has no none.md at main. get_file_tree shows what there is.
    === picture.png is a binary file of 7 B; its content is not shown.
    === secrets/key.md: the policy does not show it.
    === latin1.txt, 11 B; read as Latin-1:
    café naïve"
  `)
})

test('several files share the room for text, and each says how to go on', async () => {
  const text = await alice.text(
    getFileContents,
    { ...files, filepaths: ['long.txt', 'big.txt', 'crlf.txt'] },
    { limits: { maxChars: 6000 } },
  )

  expect(text).toMatch(/^=== long.txt, 29 KB; lines 1-\d+ of 3000, filepath="long.txt" start_line=\d+ continues:$/m)
  expect(text).toMatch(/^=== big.txt, 70 KB; line 1 is too long, \d+ characters of it are left out:$/m)
  expect(text).toContain('=== crlf.txt, 6 B:\na\r\nb')
  expect(text.length).toBeLessThan(6000)
})

test('one file or several, not both and not neither', async () => {
  const wrong = [{}, { filepaths: [] }, { filepath: 'a', filepaths: ['b'] }]
  for (const args of wrong) {
    await expect(alice.run(getFileContents, { ...files, ...args })).rejects.toThrow('one of the two')
  }
  await expect(alice.run(getFileContents, { ...files, filepaths: ['a'], start_line: 2 })).rejects.toThrow(
    'go with one filepath',
  )
  await expect(alice.run(getFileContents, { ...files, filepaths: ['../b'] })).rejects.toThrow('without . and ..')
})

test('a symbolic link is not followed', async () => {
  const text = await read('link.md')

  expect(text).toContain('link.md is a symbolic link to secrets/key.md. Links are not followed')
  expect(text).not.toContain('hidden')
})

test('a folder is listed without what the policy hides', async () => {
  const text = await alice.text(
    getFileContents,
    { owner: 'harbor', repo: 'infra', filepath: 'deploy' },
    { mayReadPath: (path) => path !== 'deploy/booking.env' },
  )

  expect(text).toContain('deploy is a folder with 2 entries')
  expect(text).toContain('compose.yaml hosts.yaml')
  expect(text).toContain('1 entry not shown')
  expect(text).not.toContain('booking.env')
})

test('a file above the limit is not read, and says how large it is', async () => {
  const text = await alice.text(getFileContents, { ...files, filepath: 'big.txt' }, { limits: { maxFileBytes: 1000 } })

  expect(text).toBe('big.txt has 70 KB; this server reads files up to 1.0 KB (MAX_FILE_SIZE_BYTES).')
})

test('reads at a branch and at a shortened commit id', async () => {
  const sha = await gitea.commit('alice', 'kinds', { message: 'later', files: { 'empty.txt': 'no longer\n' } })

  expect(await read('long.txt', { ref: 'other' })).toBe('long.txt at other, 10 B:\nshort now')
  expect(await read('empty.txt', { ref: sha.slice(0, 9) })).toContain('no longer')
  expect(await read('empty.txt', { ref: sha })).toContain('no longer')
  expect(await read('empty.txt', { ref: 'HEAD' })).toContain('no longer')
})

test('an unknown ref is an error, never the default branch', async () => {
  await expect(read('empty.txt', { ref: 'nope' })).rejects.toThrow('has no branch, tag or commit "nope"')
  await expect(read('empty.txt', { ref: 'deadbeef' })).rejects.toThrow('has no branch, tag or commit "deadbeef"')
})

test('says what is missing, with the name that was meant', async () => {
  await expect(read('Long.txt')).rejects.toThrow('alice/kinds has no Long.txt at main. There is long.txt.')
  await expect(read('secrets/none')).rejects.toThrow('has no secrets/none at main. get_file_tree shows what there is.')
  await expect(alice.run(getFileContents, { ...empty, filepath: 'a' })).rejects.toThrow(
    'is empty: it has no commits yet',
  )
})

test('every character of a path arrives', async () => {
  expect(await read('odd/a # strange ? name+100%.md')).toContain('odd')
})

test.each([
  ['/etc/passwd', 'without a slash'],
  ['src/', 'without a slash'],
  ['', 'must not be empty'],
  ['../other/file', 'without . and ..'],
  ['src/./a', 'without . and ..'],
  ['src//a', 'empty parts'],
  ['src\\a', 'must use /'],
  ['a\0b', 'control characters'],
  ['.git/config', '.git'],
  ['sub/.GIT/config', '.git'],
])('the path %j is refused', async (filepath, reason) => {
  await expect(read(filepath)).rejects.toThrow(reason)
})
