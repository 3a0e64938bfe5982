import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decide } from '../../src/policy/decide.js'
import { loadPolicy } from '../../src/policy/load.js'
import { createTempFolder } from '../support/temp-folder.js'

const TOOLS = { toolNames: ['get_file_contents', 'list_commits', 'list_issues'] }

function writePolicy(text: string): string {
  const path = join(createTempFolder(), 'policy.yaml')
  writeFileSync(path, text)
  return path
}

test('a policy written for the Python original loads as it is, tools of its that are not here among its rules', () => {
  const path = writePolicy(`
defaults: { read: allow, write: deny }
tools:
  deny: [search_code]
repositories:
  acme/service-a:
    tools: { allow: [get_file_contents, list_commits] }
    paths: { allow: [src/*], deny: [src/secrets/*] }
`)

  const policy = loadPolicy(path, TOOLS)

  const repository = { owner: 'acme', name: 'service-a' }
  const read = (name: string) =>
    decide(policy, { tool: 'get_file_contents', effect: 'read', repository, path: name }).effect
  expect([read('src/app.ts'), read('src/secrets/key'), read('README.md')]).toEqual(['allow', 'deny', 'deny'])
  expect(decide(policy, { tool: 'list_issues', effect: 'read', repository }).effect).toBe('deny')
})

test('a misspelt tool is still an error', () => {
  const path = writePolicy('defaults: { read: allow, write: deny }\ntools:\n  deny: [serch_code]\n')

  expect(() => loadPolicy(path, TOOLS)).toThrow(/:3:\d+: .*search_code/s)
})
