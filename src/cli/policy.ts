import { parseArgs } from 'node:util'
import { InvalidInput } from '../lib/errors.js'
import { findNearMisses } from '../lib/near-miss.js'
import type { JobChecks } from '../policy/compile-jobs.js'
import { decideForEntry } from '../policy/decide.js'
import { explain } from '../policy/explain.js'
import { loadPolicy } from '../policy/load.js'
import type { Policy } from '../policy/policy.js'
import { isMisuse, Misuse } from './command.js'

interface Output {
  write(text: string): unknown
}

export interface PolicyCommandContext {
  /** Where the server would read the policy. */
  readonly policyPath: string
  /** Every tool there is, and whether it changes anything. */
  readonly toolNames: readonly { readonly name: string; readonly effect: 'read' | 'write' }[]
  readonly stdout: Output
  readonly stderr: Output
  /** What it may say about jobs; nothing without it. */
  readonly jobs?: JobChecks
}

const USAGE = `aegis policy check [file]
  Reads the policy and tells everything that is wrong with it. Exit code 0 when it can be used, 1 when not.

aegis policy explain --tool <name> [--repo <owner/name>] [--path <path>] [--file <file>]
  Tells what the policy says about one call, and which rules it looked at. Exit code 0 whatever the answer is.
`

/** `aegis policy`: what the policy says, without a server. Exit codes: 0 answered, 1 the policy is broken, 2 misuse. */
export const policyCommand = {
  name: 'policy',
  summary: 'check the policy file, or explain what it says about a call',
  usage: USAGE,

  async run(args: readonly string[], context: PolicyCommandContext): Promise<number> {
    // the edge of a command: what the operator can mend is printed, not thrown
    try {
      return runAction(args, context)
    } catch (error) {
      if (error instanceof InvalidInput) {
        context.stderr.write(`${error.message}\n`)
        return 1
      }
      if (isMisuse(error)) {
        context.stderr.write(`${error.message}\n\n${USAGE}`)
        return 2
      }
      throw error
    }
  },
} as const

function runAction([action, ...rest]: readonly string[], context: PolicyCommandContext): number {
  switch (action) {
    case 'check':
      return check(rest, context)
    case 'explain':
      return explainCall(rest, context)
    case undefined:
    case 'help':
    case '--help':
      context.stdout.write(USAGE)
      return action === undefined ? 2 : 0
    default:
      throw new Misuse(`There is no “aegis policy ${action}”.`)
  }
}

function check(args: readonly string[], context: PolicyCommandContext): number {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} })
  if (positionals.length > 1) {
    throw new Misuse('One file at a time.')
  }
  const policy = load(positionals[0], context)
  const entries = policy.repositories.length
  context.stdout.write(
    [
      `${policy.file} can be used.`,
      `reads: ${policy.defaults.read} · writes: ${policy.defaults.write} · ${entries} repository ${entries === 1 ? 'entry' : 'entries'}`,
      ...describeWrites(policy, context),
      ...describeGlobs(policy, context),
      '',
    ].join('\n'),
  )
  return 0
}

/** What an operator wants to see before trusting a policy: where something can be changed at all. */
function describeWrites(policy: Policy, { toolNames }: PolicyCommandContext): readonly string[] {
  const places = [undefined, ...policy.repositories.map(({ key }) => key)]
  return places.map((key) => {
    const opened = toolNames
      .filter(({ effect }) => effect === 'write')
      .map(({ name }) => ({ name, effect: decideForEntry(policy, name, 'write', key).effect }))
      .filter(({ effect }) => effect !== 'deny')
      .map(({ name, effect }) => (effect === 'approve' ? `${name} (with approval)` : name))
    const where = key ?? 'repositories without an entry'
    return `  ${where}: ${opened.length === 0 ? 'no tool writes' : `${opened.join(', ')} may write`}`
  })
}

/** A glob that looks as if it opened a tool that writes does not; better told here than found out by a refused call. */
function describeGlobs(policy: Policy, { toolNames }: PolicyCommandContext): readonly string[] {
  const sections = [policy.tools, ...policy.repositories.flatMap(({ tools }) => tools ?? [])]
  const notes = sections.flatMap(({ byTool }) =>
    toolNames.flatMap(({ name, effect }) => {
      const allow = byTool.get(name.toLowerCase())?.allow
      return effect === 'write' && allow !== undefined && !allow.isByName
        ? [`note: line ${allow.line}: “${allow.text}” does not open ${name}, because it writes; only its own name does`]
        : []
    }),
  )
  return [...new Set(notes)]
}

function explainCall(args: readonly string[], context: PolicyCommandContext): number {
  const { values } = parseArgs({
    args: [...args],
    options: {
      tool: { type: 'string' },
      repo: { type: 'string' },
      path: { type: 'string' },
      file: { type: 'string' },
    },
  })
  if (values.tool === undefined) {
    throw new Misuse('--tool is missing.')
  }
  const tool = findTool(values.tool, context)
  const repository = values.repo === undefined ? undefined : parseRepository(values.repo)
  if (values.path !== undefined && repository === undefined) {
    throw new Misuse('--path is a path in a repository; say which with --repo.')
  }
  const { lines } = explain(load(values.file, context), {
    tool: tool.name,
    effect: tool.effect,
    ...(repository === undefined ? {} : { repository }),
    ...(values.path === undefined ? {} : { path: values.path }),
  })
  context.stdout.write(`${[describeCall(tool, values.repo, values.path), ...lines].join('\n')}\n`)
  if (tool.effect === 'write') {
    context.stdout.write('The policy is not all: WRITE_MODE and the list of writable repositories must allow it too.\n')
  }
  return 0
}

function describeCall(
  tool: { name: string; effect: string },
  repo: string | undefined,
  path: string | undefined,
): string {
  return `${tool.name} (${tool.effect})${repo === undefined ? '' : ` in ${repo}`}${path === undefined ? '' : ` on ${path}`}`
}

function findTool(name: string, { toolNames }: PolicyCommandContext): PolicyCommandContext['toolNames'][number] {
  const tool = toolNames.find((known) => known.name === name.toLowerCase())
  if (tool !== undefined) {
    return tool
  }
  const known = toolNames.map((each) => each.name)
  const near = findNearMisses(name, known)
  const hint = near.length === 0 ? `The tools are ${known.join(', ')}.` : `Did you mean ${near.join(' or ')}?`
  throw new Misuse(`There is no tool “${name}”. ${hint}`)
}

function parseRepository(text: string): { owner: string; name: string } {
  const [owner, name, ...more] = text.split('/')
  if (!owner || !name || more.length > 0) {
    throw new Misuse('--repo is owner/name, as in acme/web.')
  }
  return { owner, name }
}

function load(file: string | undefined, { policyPath, toolNames, jobs }: PolicyCommandContext): Policy {
  return loadPolicy(file ?? policyPath, {
    toolNames: toolNames.map(({ name }) => name),
    ...(jobs === undefined ? {} : { jobs }),
  })
}
