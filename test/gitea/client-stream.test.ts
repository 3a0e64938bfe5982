import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { streamArchive } from '../../src/gitea/archive.js'
import { FRESH, getRepository, MAX_BYTES, type ScriptedGitea, startScriptedGitea, TOKEN } from './scripted-client.js'
import { answerJson } from './scripted-server.js'

let gitea: ScriptedGitea

beforeAll(async () => {
  gitea = await startScriptedGitea()
})

afterAll(() => gitea.close())

const commit = '1'.repeat(40)
const archive = { owner: 'acme', repo: 'web', commit, maxBytes: 10 * MAX_BYTES }

async function countBytes(chunks: AsyncIterable<Buffer>): Promise<number> {
  let size = 0
  for await (const chunk of chunks) size += chunk.length
  return size
}

test('an archive larger than any other answer comes through in pieces', async () => {
  const pieces: number[] = []
  gitea.server.script((res) => res.writeHead(200).end(Buffer.alloc(5 * MAX_BYTES)))

  await streamArchive(gitea.client(), archive, async (chunks) => {
    for await (const chunk of chunks) pieces.push(chunk.length)
  })

  expect(pieces.reduce((sum, size) => sum + size)).toBe(5 * MAX_BYTES)
  expect(Math.max(...pieces)).toBeLessThan(MAX_BYTES)
  expect(gitea.server.seen).toMatchObject([{ url: `/git/api/v1/repos/acme/web/archive/${commit}.tar.gz` }])
})

test('what is larger than was asked for ends with a sentence, and is not read on', async () => {
  let sent = 0
  gitea.server.script((res) => {
    const chunk = Buffer.alloc(64 * 1024)
    const push = () => {
      while (!res.destroyed && sent < 512 * 1024 * 1024) {
        sent += chunk.length
        if (!res.write(chunk)) return void res.once('drain', push)
      }
    }
    push()
  })

  await expect(streamArchive(gitea.client(), archive, countBytes)).rejects.toThrow('larger than 2000000 bytes')
  expect(sent).toBeLessThan(32 * 1024 * 1024)
})

test('time that is spent on the bytes is not silence, but silence ends it', async () => {
  gitea.server.script((res) => {
    res.writeHead(200)
    res.write('a')
    setTimeout(() => res.end('b'), 100)
  })
  const slowly = async (chunks: AsyncIterable<Buffer>) => {
    for await (const _chunk of chunks) await delay(500)
    return 'read'
  }
  expect(await streamArchive(gitea.client(), archive, slowly)).toBe('read')

  gitea.server.script((res) => res.writeHead(200).write('a'))
  await expect(streamArchive(gitea.client(), archive, countBytes)).rejects.toMatchObject({ code: 'upstream_timeout' })
})

test('a refused token is renewed once; other refusals are said as everywhere', async () => {
  gitea.server.script((res, { headers }) =>
    headers.authorization === `Bearer ${FRESH}` ? res.writeHead(200).end('abc') : answerJson(res, {}, 401),
  )
  expect(await streamArchive(gitea.client(), archive, countBytes)).toBe(3)
  expect(gitea.renewed.at(-1)).toBe(TOKEN)

  gitea.server.script((res) => answerJson(res, { message: 'not found' }, 404))
  await expect(streamArchive(gitea.client(), archive, countBytes)).rejects.toMatchObject({ code: 'not_found' })
})

test('a lost connection is asked again only while nothing has come', async () => {
  gitea.server.script((res, _request, attempt) => (attempt < 3 ? res.destroy() : res.writeHead(200).end('abc')))
  expect(await streamArchive(gitea.client(), archive, countBytes)).toBe(3)

  gitea.server.script((res) => {
    res.writeHead(200, { 'content-length': '100' })
    res.write('abc', () => res.destroy())
  })
  await expect(streamArchive(gitea.client(), archive, countBytes)).rejects.toMatchObject({ code: 'upstream_failed' })
  expect(gitea.server.seen).toHaveLength(1)
})

test('ends at Gitea when the caller leaves, and when the reader stops', async () => {
  const leave = new AbortController()
  gitea.server.script((res) => {
    res.writeHead(200)
    res.write('a')
    setTimeout(() => leave.abort(), 50)
  })
  await expect(streamArchive(gitea.client({ signal: leave.signal }), archive, countBytes)).rejects.toMatchObject({
    code: 'cancelled',
  })

  const closed = Promise.withResolvers<boolean>()
  gitea.server.script((res) => {
    res.on('close', () => closed.resolve(!res.writableEnded))
    res.writeHead(200)
    res.write('a')
  })
  await expect(
    streamArchive(gitea.client(), archive, async (chunks) => {
      for await (const _chunk of chunks) throw new Error('that is enough')
    }),
  ).rejects.toThrow('that is enough')
  expect(await closed.promise).toBe(true)
})

test('only operations that answer bytes can be streamed', async () => {
  await expect(gitea.client().stream('getRepository', { ...getRepository, maxBytes: 1 }, countBytes)).rejects.toThrow(
    'getRepository does not answer bytes',
  )
})
