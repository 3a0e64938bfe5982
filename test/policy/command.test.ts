import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { policyCommand } from '../../src/cli/policy.js'
import { TOOLS } from './load-text.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aegis-policy-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

async function run(policy: string, ...args: string[]) {
  const policyPath = join(folder, 'policy.yaml')
  writeFileSync(policyPath, policy)
  const said = { stdout: '', stderr: '' }
  const code = await policyCommand.run(args, {
    policyPath,
    toolNames: TOOLS,
    stdout: { write: (text: string) => (said.stdout += text) },
    stderr: { write: (text: string) => (said.stderr += text) },
  })
  const short = (text: string) => text.replaceAll(`${folder}/`, '')
  return { code, stdout: short(said.stdout), stderr: short(said.stderr) }
}

describe('aegis policy check', () => {
  it('tells that a policy can be used and where anything may be changed', async () => {
    const policy = `
defaults: { write: deny }
tools: { approve: [update_issue] }
repositories:
  acme/web: { tools: { allow: [create_issue] } }
  acme/docs: { tools: { allow: ["create_*", "get_*"] } }
`

    expect(await run(policy, 'check')).toEqual({
      code: 0,
      stdout: [
        'policy.yaml can be used.',
        'reads: allow · writes: deny · 2 repository entries',
        '  repositories without an entry: update_issue (with approval) may write',
        '  acme/web: create_issue may write',
        '  acme/docs: no tool writes',
        'note: line 6: “create_*” does not open create_issue, because it writes; only its own name does',
        '',
      ].join('\n'),
      stderr: '',
    })
  })

  it('tells everything that is wrong and ends with 1', async () => {
    const { code, stdout, stderr } = await run('tools: { deny: [get_isue] }\nrepositories: { web: {} }\n', 'check')

    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr.split('\n')).toEqual([
      'policy.yaml:1:17: There is no tool “get_isue”. Did you mean “get_issue”?',
      'policy.yaml:2:17: “web” is not a repository: write owner/name, where * and ? may stand for letters, as in acme/*',
      '',
    ])
  })

  it('reads another file when one is named', async () => {
    writeFileSync(join(folder, 'other.yaml'), 'defaults: { read: deny }')

    expect((await run('broken: [', 'check', join(folder, 'other.yaml'))).stdout).toContain('other.yaml can be used')
    expect((await run('{}', 'check', join(folder, 'none.yaml'))).stderr).toContain('there is no such file')
  })
})

describe('aegis policy explain', () => {
  it('tells what the policy says and why', async () => {
    const answer = await run('{}', 'explain', '--tool', 'create_issue', '--repo', 'acme/web')

    expect(answer).toEqual({
      code: 0,
      stdout: [
        'create_issue (write) in acme/web',
        'tools (line 1): says nothing about it',
        'defaults.write: deny: no list decided',
        '→ deny by defaults.write. The policy denies tools that write unless it names them, and create_issue is not named.',
        'The policy is not all: WRITE_MODE and the list of writable repositories must allow it too.',
        '',
      ].join('\n'),
      stderr: '',
    })
  })

  it('judges a path', async () => {
    const policy = 'repositories: { acme/web: { paths: { deny: [secrets] } } }'

    const { stdout } = await run(
      policy,
      'explain',
      '--tool',
      'get_file_contents',
      '--repo',
      'acme/web',
      '--path',
      'a/Secrets',
    )

    expect(stdout).toContain('→ deny by repositories.acme/web.paths.deny[0]')
  })

  it.each([
    [['explain'], '--tool is missing.'],
    [['explain', '--tool', 'get_isue'], 'There is no tool “get_isue”. Did you mean get_issue?'],
    [['explain', '--tool', 'get_issue', '--repo', 'web'], '--repo is owner/name, as in acme/web.'],
    [['explain', '--tool', 'get_issue', '--path', 'x'], 'say which with --repo'],
    [['explain', '--tol', 'x'], "Unknown option '--tol'"],
    [['check', 'a', 'b'], 'One file at a time.'],
    [['frob'], 'There is no “aegis policy frob”.'],
  ])('%j ends with 2 and tells how it is used', async (args, problem) => {
    const { code, stderr } = await run('{}', ...args)

    expect(code).toBe(2)
    expect(stderr).toContain(problem)
    expect(stderr).toContain('aegis policy check [file]')
  })

  it('shows its help', async () => {
    expect((await run('{}', '--help')).stdout).toContain('aegis policy explain --tool')
  })
})
