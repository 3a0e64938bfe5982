import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { GiteaClient } from '../../src/gitea/client.js'
import { systemClock } from '../../src/lib/clock.js'
import { resolveCommit } from '../../src/objects/resolve-commit.js'
import { createObjectStore } from '../../src/objects/store.js'
import { compareTrees } from '../../src/objects/tree-changes.js'
import { loadFolder, loadTree } from '../../src/objects/trees.js'
import { createTempFolder } from '../support/temp-folder.js'

interface Row {
  readonly path: string
  readonly mode: string
  readonly type: 'blob' | 'tree'
  readonly sha: string
  readonly size: number
}

/** A repository as Gitea's tree endpoint shows it: folders by id, in which a name leads to a folder's or a file's id. */
function createRepository(idLength = 40) {
  const folders = new Map<string, Record<string, string>>()
  const asked: string[] = []
  let head = ''
  const toId = (name: string) => Buffer.from(name).toString('hex').padStart(idLength, '0').slice(-idLength)
  const listed = new Map<string, Row[]>()
  const list = (id: string, isRecursive: boolean, prefix = ''): Row[] =>
    Object.entries(folders.get(id) ?? {}).flatMap(([name, child]) => {
      const path = prefix + name
      if (!folders.has(child)) return [{ path, mode: '100644', type: 'blob', sha: child, size: 7 } as const]
      const row = { path, mode: '040000', type: 'tree', sha: child, size: 0 } as const
      return isRecursive ? [row, ...list(child, true, `${path}/`)] : [row]
    })
  const client: GiteaClient = {
    stream: () => Promise.reject(new Error('nothing is streamed here')),
    async request(operation, { path = {}, query = {} }) {
      const answer = (body: unknown) => ({ operation, body, total: undefined, truncated: false })
      if (operation === 'getRefs') {
        return answer([{ ref: `refs/${path.ref}`, object: { type: 'commit', sha: head } }])
      }
      asked.push(`${path.treeish}${query.recursive ? ' recursive' : ''} ${query.page}`)
      const [top = '', name] = String(path.treeish).split(':')
      const id = name === undefined ? top : (folders.get(top)?.[name] ?? '')
      const isRecursive = query.recursive === true
      const rows = listed.get(`${id} ${isRecursive}`) ?? list(id, isRecursive)
      listed.set(`${id} ${isRecursive}`, rows)
      const from = (Number(query.page) - 1) * 1000
      const tree = rows.slice(from, from + 1000)
      const truncated = from + 1000 < rows.length
      return answer({ sha: id, tree, truncated, total_count: rows.length })
    },
  }
  return {
    client,
    asked,
    toId,
    addFolder(name: string, entries: Record<string, string>): string {
      folders.set(toId(name), entries)
      return toId(name)
    },
    /** The top folder stands under its commit's id, as Gitea answers. */
    commit(name: string, entries: Record<string, string>): void {
      head = this.addFolder(name, entries)
    },
  }
}

function openStore() {
  return createObjectStore({ path: join(createTempFolder(), 'o.db'), maxBytes: 64 * 1024 * 1024, clock: systemClock })
}

const main = { owner: 'o', repo: 'r', ref: 'main' }

/** `folders` folders of a hundred files each. */
function addFiles(repository: ReturnType<typeof createRepository>, folders: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: folders }, (_, at) => {
      const names = Array.from({ length: 100 }, (_, file) => [`file-${file}.ts`, repository.toId(`f${at}-${file}`)])
      return [`folder-${at}`, repository.addFolder(`d${at}`, Object.fromEntries(names))]
    }),
  )
}

test('50,000 files are read once, and a push of a few then costs a few questions', async () => {
  const repository = createRepository()
  const { client, asked } = repository
  const store = openStore()
  const folders = addFiles(repository, 500)
  repository.commit('c1', folders)
  const first = await loadTree(client, store, await resolveCommit(client, store, main))
  expect(first).toMatchObject({ isComplete: true })
  expect(first.entries).toHaveLength(50_500)
  expect(first.entries.slice(0, 2)).toMatchObject([{ path: 'folder-0' }, { path: 'folder-0/file-0.ts', sizeBytes: 7 }])

  asked.length = 0
  expect(await loadTree(client, store, await resolveCommit(client, store, main))).toEqual(first)
  expect(asked).toEqual([])

  const changed = repository.addFolder('d7b', { 'new.ts': repository.toId('new') })
  repository.commit('c2', { ...folders, 'folder-7': changed })
  const second = await loadTree(client, store, await resolveCommit(client, store, main))
  expect(second.entries).toHaveLength(50_500 - 99)
  expect(asked).toHaveLength(3)
  store.close()
})

test('above 100,000 entries the list is cut and says so, and what was read in whole is kept', async () => {
  const repository = createRepository()
  const { client, asked } = repository
  const store = openStore()
  repository.commit('c1', addFiles(repository, 1200))
  const commit = await resolveCommit(client, store, main)
  const listing = await loadTree(client, store, commit)
  expect(listing.isComplete).toBe(false)
  expect(listing.entries).toHaveLength(100_000)

  asked.length = 0
  expect((await loadFolder(client, store, commit, 'folder-3')).entries).toHaveLength(100)
  expect(asked).toEqual([`${commit.sha}:folder-3 1`])
  expect((await loadFolder(client, store, commit)).entries).toHaveLength(1200)
  expect((await loadFolder(client, store, commit, 'folder-3')).entries).toHaveLength(100)
  expect(asked).toHaveLength(3)
  store.close()
})

test('folders that stand for each other a billion times over do not fill the memory', async () => {
  const repository = createRepository()
  const { client } = repository
  const store = openStore()
  let id = repository.toId('leaf')
  for (let level = 0; level < 9; level += 1) {
    const entries = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`n${at}`, id]))
    id = repository.addFolder(`level-${level}`, entries)
    store.put(
      `tree:${id}`,
      Buffer.from(
        Object.entries(entries)
          .map(([name, to]) => `${level === 0 ? 'f' : 'd'} ${to} 0 ${name}\0`)
          .join(''),
      ),
    )
  }
  repository.commit('bomb', { all: id })
  store.put(`tree:${repository.toId('bomb')}`, Buffer.from(`d ${id} 0 all\0`))
  const commit = await resolveCommit(client, store, main)
  const body = { sha: id, tree: [], truncated: false, total_count: 0 }
  const asksInstead: GiteaClient = {
    ...client,
    request: async (operation) => ({ operation, body, total: undefined, truncated: false }),
  }

  expect((await loadTree(asksInstead, store, commit)).entries).toEqual([])
  store.close()
})

test('two commits are compared by the folders whose ids differ', async () => {
  const repository = createRepository()
  const { client, asked } = repository
  const store = openStore()
  const folders = addFiles(repository, 60)
  repository.commit('c1', { ...folders, 'top.md': repository.toId('old'), 'moved.md': repository.toId('same') })
  const base = await resolveCommit(client, store, main)
  const inner = repository.addFolder('inner', { 'to.md': repository.toId('same') })
  repository.commit('c2', {
    ...folders,
    'top.md': repository.toId('new'),
    'folder-3': repository.toId('now a file'),
    inner,
  })
  const head = await resolveCommit(client, store, main)

  const { changes, isComplete } = await compareTrees(client, store, base, head)
  expect(isComplete).toBe(true)
  expect(changes.filter(({ path }) => !path.startsWith('folder-3/'))).toMatchObject([
    { path: 'folder-3', before: undefined, after: { type: 'file' } },
    { path: 'inner/to.md', oldPath: 'moved.md' },
    { path: 'top.md', before: { id: repository.toId('old') }, after: { id: repository.toId('new') } },
  ])
  expect(changes).toHaveLength(103)
  // the size of each, their tops, the folder that went and the one that came
  expect(asked).toHaveLength(6)
  store.close()
})

test('works with the longer ids of a sha256 repository', async () => {
  const repository = createRepository(64)
  const { client } = repository
  const store = openStore()
  repository.commit('c1', { src: repository.addFolder('d', { 'a.ts': repository.toId('a') }) })
  const commit = await resolveCommit(client, store, main)

  expect(commit.sha).toHaveLength(64)
  await loadTree(client, store, commit)
  expect(await loadFolder(client, store, commit, 'src')).toEqual({
    entries: [{ path: 'a.ts', type: 'file', id: repository.toId('a'), sizeBytes: 7 }],
    isComplete: true,
  })
  store.close()
})
