import { expect, test } from 'vitest'
import { COMMANDS, runCli } from '../../src/cli/commands.js'
import { VERSION } from '../../src/lib/version.js'
import { createTempFolder } from '../support/temp-folder.js'
import { runAegis } from './run-aegis.js'

test.each([[[]], [['help']], [['--help']], [['-h']]])('aegis %j shows every command in one line each', async (args) => {
  const run = await runAegis(args, { cwd: createTempFolder() })

  expect(run).toMatchObject({ code: 0, stderr: '' })
  for (const { name, summary } of COMMANDS) {
    expect(run.stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'))
  }
})

test.each(COMMANDS.map(({ name }) => name))('aegis %s explains itself, however it is asked', async (name) => {
  const cwd = createTempFolder()

  const asked = await Promise.all([
    runAegis(['help', name], { cwd }),
    runAegis([name, '--help'], { cwd }),
    runAegis([name, 'and', 'more', '-h'], { cwd }),
  ])

  for (const run of asked) {
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(run.stdout).toMatch(new RegExp(`^aegis ${name}`))
  }
})

test.each(COMMANDS.map((entry) => [entry.name, entry] as const))(
  'the overview says of %s what it says of itself',
  async (_name, entry) => {
    const command = await entry.load()

    expect(command).toMatchObject({ name: entry.name, summary: entry.summary })
    expect(command.usage.endsWith('\n')).toBe(true)
  },
)

test('an unknown command names the one that was probably meant', async () => {
  const near = await runAegis(['docter'], { cwd: createTempFolder() })
  const far = await runAegis(['frobnicate'], { cwd: createTempFolder() })

  expect(near).toMatchObject({ code: 2, stdout: '', stderr: 'There is no “aegis docter”. Did you mean doctor?\n' })
  expect(far.stderr).toMatch(/There is no “aegis frobnicate”\. The commands are setup, serve, doctor,/)
})

test.each([
  ['version', 'extra'],
  ['doctor', '--fast'],
  ['keyring', 'rotate'],
  ['keyring', 'rotate', 'everything'],
  ['keyring', 'list', 'more'],
  ['keyring'],
  ['approvals', 'approve'],
  ['approvals', 'list', '--by', 'me'],
  ['approvals', 'deny', 'x', '--by', ' '],
  ['approvals', 'approve', 'x', '--by', 'a\u001b[2Jb'],
  ['approvals', 'postpone', 'x'],
  ['db'],
  ['db', 'backup'],
  ['db', 'backup', 'a', 'b'],
  ['db', 'restore', 'a'],
  ['policy', 'burn'],
])('aegis %s %s %s shows how it is used and exits with 2', async (...args) => {
  const run = await runAegis(args, { cwd: createTempFolder(), env: { POLICY_FILE_PATH: '/nowhere' } })

  expect(run.code).toBe(2)
  expect(run.stdout).toBe('')
  expect(run.stderr).toMatch(new RegExp(`\naegis ${args[0]}`))
})

test('prints the version', async () => {
  for (const args of [['version'], ['--version'], ['-v']]) {
    const run = await runAegis(args, { cwd: createTempFolder() })
    expect(run).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^aegis ${VERSION} \\(node 2`)) })
  }
})

test('on an older Node it says what it needs instead of ending without a word', async () => {
  const lines: string[] = []
  const stderr = Object.assign(Object.create(process.stderr), { write: (text: string) => lines.push(text) > 0 })
  const io = { stdin: process.stdin, stdout: process.stdout, stderr, env: {}, cwd: '.' }

  const code = await runCli(['db', 'check'], io, '20.20.2')

  expect(code).toBe(1)
  expect(lines.join('')).toMatch(/needs Node 24, and this is 20\.20\.2\. .*node_modules\/\.bin\/node/)
})

test('a bug is said to be one, with its stack only when asked for', async () => {
  const stdout = {
    write: () => {
      throw new TypeError('broken pipe of mine')
    },
  }
  const run = async (env: NodeJS.ProcessEnv) => {
    const lines: string[] = []
    const code = await runCli(['version'], {
      stdin: process.stdin,
      stdout: Object.assign(Object.create(process.stdout), stdout),
      stderr: Object.assign(Object.create(process.stderr), { write: (text: string) => lines.push(text) > 0 }),
      env,
      cwd: '.',
    })
    return { code, text: lines.join('') }
  }

  const quiet = await run({})
  const loud = await run({ LOG_LEVEL: 'DEBUG' })

  expect(quiet.code).toBe(1)
  expect(quiet.text).toBe(
    'aegis version failed in a way it should not: broken pipe of mine\nRun it again with LOG_LEVEL=DEBUG to see where.\n',
  )
  expect(loud.text).toMatch(/TypeError: broken pipe of mine\n\s+at /)
})
