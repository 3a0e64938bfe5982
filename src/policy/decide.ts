import type { Decision, PolicyRequest } from './decision.js'
import { type GoodPath, judgePath } from './paths.js'
import type { PathRules, Policy, RepositoryRules, ToolRules } from './policy.js'

/*
 * The policy's word on a call. Pure: no file, no clock, no network. What the rules mean is the table in docs/policy.md;
 * in short: deny beats approve beats allow, the defaults speak only where no list does, every repository entry that
 * matches must agree, and whatever cannot be judged is denied.
 */

type Effect = PolicyRequest['effect']
type Repository = NonNullable<PolicyRequest['repository']>

/** Told each rule that was looked at, in order; only `explain` asks for it. */
export type Trace = (rule: string, line: number | undefined, says: string) => void

/**
 * Decides one call: the tool, in the repository where there is one, on the path where there is one.
 *
 * @param trace told what was looked at, for `explain`
 */
export function decide(policy: Policy, request: PolicyRequest, trace?: Trace): Decision {
  const verdict = decideTool(policy, request.tool, request.effect, request.repository, trace)
  if (verdict.effect === 'deny' || request.path === undefined) {
    return verdict
  }
  const path = judgePath(request.path)
  const said = path.ok
    ? decidePath(policy, request.repository, request.path, path, trace)
    : refusePath(path.reason, trace)
  return said.effect === 'deny' ? said : verdict
}

/**
 * Whether content of `path` may be shown. Tools that return many files at once (diffs, trees, search) ask for each.
 * The root itself may always be listed; what is in it is asked for entry by entry.
 */
export function mayReadPath(policy: Policy, repository: Repository, path: string): Decision {
  // where no rule speaks about paths, a file with an odd name is still shown
  if (!findEntries(policy, toName(repository)).some((entry) => entry.paths !== undefined)) {
    return UNRESTRICTED
  }
  const judged = judgePath(path)
  return judged.ok ? decidePath(policy, repository, path, judged) : refusePath(judged.reason)
}

const UNRESTRICTED: Decision = { effect: 'allow', rule: 'paths', reason: 'No path rule speaks against it.' }

function decidePath(
  policy: Policy,
  repository: Repository | undefined,
  path: string,
  judged: GoodPath,
  trace?: Trace,
): Decision {
  if (repository === undefined || path === '') {
    return UNRESTRICTED
  }
  let allowed = UNRESTRICTED
  for (const { paths } of findEntries(policy, toName(repository))) {
    if (paths === undefined) {
      continue
    }
    const said = readPathRules(paths, judged)
    trace?.(said.rule, said.line, said.effect)
    if (said.effect === 'deny') {
      return deny(said.rule, `The policy does not show ${path} in ${toName(repository)}.`)
    }
    allowed = { effect: 'allow', rule: said.rule, reason: 'The path rules allow it.' }
  }
  return allowed
}

function refusePath(reason: string, trace?: Trace): Decision {
  trace?.('path', undefined, `deny: ${reason}`)
  return deny('path', reason)
}

/**
 * Whether a list made by `tool` may contain `repository`: P2, what may not be called is not shown. Where the tool
 * needs approval there, only a call that itself needed approval may show it.
 */
export function repositoryVisible(policy: Policy, tool: string, effect: Effect, repository: Repository): boolean {
  const there = decideTool(policy, tool, effect, repository).effect
  return there === 'allow' || (there === 'approve' && decideTool(policy, tool, effect, undefined).effect === 'approve')
}

/**
 * Whether some call of `tool` could be allowed or approved; if not, it is not listed (P2).
 *
 * @param takesRepository false for tools that are not about one repository (get_me)
 */
export function listable(policy: Policy, tool: string, effect: Effect, takesRepository = true): boolean {
  if (!takesRepository) {
    return decideTool(policy, tool, effect, undefined).effect !== 'deny'
  }
  const keys = [undefined, ...policy.repositories.map((entry) => entry.key)]
  return keys.some((key) => decideForEntry(policy, tool, effect, key).effect !== 'deny')
}

/**
 * What is said of a tool in a repository that matches the entry `key` and, besides it, only entries that match all that
 * it matches; without a key, of a repository that no entry names.
 */
export function decideForEntry(policy: Policy, tool: string, effect: Effect, key = '*/*'): Decision {
  // no entry can name this character, so what it stands for is matched by wildcards only
  return judgeTool(policy, tool, effect, key.replace(/[*?]/g, '\ue000'))
}

function decideTool(
  policy: Policy,
  tool: string,
  effect: Effect,
  repository: Repository | undefined,
  trace?: Trace,
): Decision {
  if (repository !== undefined && !isRepositoryName(repository)) {
    trace?.('repository', undefined, 'deny: not a name that a repository can have')
    return deny('repository', 'No repository can have that name; write owner and name as Gitea shows them.')
  }
  return judgeTool(policy, tool, effect, repository === undefined ? undefined : toName(repository), trace)
}

/** @param repository `owner/name`; undefined for a call that is not about one repository */
function judgeTool(
  policy: Policy,
  tool: string,
  effect: Effect,
  repository: string | undefined,
  trace?: Trace,
): Decision {
  const name = tool.toLowerCase()
  if (!policy.knownTools.has(name)) {
    trace?.('tools', undefined, 'deny: there is no such tool')
    return deny('tools', 'The policy denies tools it does not know.')
  }
  const where = repository === undefined ? '' : ` in ${repository}`
  let strongest: Decision | undefined
  for (const section of findToolSections(policy, repository)) {
    const said = readToolRules(section, name, effect)
    trace?.(said.rule, said.line, said.says)
    if (said.effect === 'deny') {
      const listed = said.says === NOT_LISTED
      return deny(
        said.rule,
        listed
          ? `The policy lists the tools for ${repository ?? 'this repository'}, and ${name} is not one of them.`
          : `The policy denies ${name}${where}.`,
      )
    }
    if (said.effect === 'approve') {
      strongest = { effect: 'approve', rule: said.rule, reason: `The policy wants approval for ${name}${where}.` }
    } else if (said.effect === 'allow') {
      strongest ??= { effect: 'allow', rule: said.rule, reason: `The policy allows ${name}${where}.` }
    }
  }
  return strongest ?? decideByDefault(policy, name, effect, trace)
}

/** Tools that no default opens, whatever it says: what they do counts towards a merge. */
const NAMED_ONLY: ReadonlySet<string> = new Set(['approve_pull_request'])

function decideByDefault(policy: Policy, tool: string, effect: Effect, trace?: Trace): Decision {
  const rule = `defaults.${effect}`
  const verdict = policy.defaults[effect]
  if (verdict !== 'deny' && NAMED_ONLY.has(tool)) {
    trace?.(rule, undefined, 'deny: it is opened by a list only, never by a default')
    return deny(rule, `The policy opens ${tool} only where one of its lists names it, and none does.`)
  }
  trace?.(rule, undefined, `${verdict}: no list decided`)
  if (verdict === 'deny') {
    const opened = effect === 'write' ? 'tools that write unless it names them' : 'tools it does not name'
    return deny(rule, `The policy denies ${opened}, and ${tool} is not named.`)
  }
  const reason = verdict === 'allow' ? `The policy allows ${tool}.` : `The policy wants approval for ${tool}.`
  return { effect: verdict, rule, reason }
}

const NOT_LISTED = 'deny: not in the list of tools for this repository'

interface Said {
  readonly effect: Decision['effect'] | 'nothing'
  readonly rule: string
  readonly line: number
  readonly says: string
}

function readToolRules(section: ToolRules, tool: string, effect: Effect): Said {
  const hits = section.byTool.get(tool)
  const hit = hits?.deny ?? hits?.approve
  if (hit !== undefined) {
    const verdict = hit === hits?.deny ? 'deny' : 'approve'
    return { effect: verdict, rule: hit.name, line: hit.line, says: `${verdict}: “${hit.text}”` }
  }
  const allow = hits?.allow
  if (allow === undefined) {
    const { name, line, isClosed } = section
    return isClosed
      ? { effect: 'deny', rule: `${name}.allow`, line, says: NOT_LISTED }
      : { effect: 'nothing', rule: name, line, says: 'says nothing about it' }
  }
  // a release that adds a tool that writes must not widen a policy that says `allow: ["*"]`
  if (effect === 'write' && !allow.isByName) {
    const says = `“${allow.text}” is a glob, and a tool that writes is opened only by its own name`
    return { effect: 'nothing', rule: allow.name, line: allow.line, says }
  }
  return { effect: 'allow', rule: allow.name, line: allow.line, says: `allow: “${allow.text}”` }
}

interface PathSaid {
  readonly effect: 'allow' | 'deny'
  readonly rule: string
  readonly line: number
}

function readPathRules(section: PathRules, path: GoodPath): PathSaid {
  for (const { name, line, matchers } of section.deny) {
    if (matchers.some((matcher) => path.readings.some((reading) => matcher.test(reading)))) {
      return { effect: 'deny', rule: name, line }
    }
  }
  if (section.allow === undefined) {
    return { effect: 'allow', rule: section.name, line: section.line }
  }
  const hit = section.allow.find(({ matcher }) => matcher.test(path.exact))
  return hit === undefined
    ? { effect: 'deny', rule: `${section.name}.allow`, line: section.line }
    : { effect: 'allow', rule: hit.name, line: hit.line }
}

function findToolSections(policy: Policy, repository: string | undefined): readonly ToolRules[] {
  const there = repository === undefined ? [] : findEntries(policy, repository).flatMap((entry) => entry.tools ?? [])
  return [policy.tools, ...there]
}

/** Every entry that matches, in the order of the file. Gitea compares names without case. */
function findEntries(policy: Policy, repository: string): readonly RepositoryRules[] {
  const name = repository.toLowerCase()
  return policy.repositories.filter((entry) => entry.matcher.test(name))
}

function toName(repository: Repository): string {
  return `${repository.owner}/${repository.name}`
}

const NAME = /^[A-Za-z0-9._-]{1,100}$/
// endings Gitea keeps for its own routes: it cuts `.git` off, so `web.git` would be judged as another repository
const RESERVED = /^\.{1,2}$|^-$|\.\.|\.(?:git|wiki|rss|atom)$/i

/** Whether Gitea could have a repository of that name (models/repo/repo.go, IsUsableRepoName). */
function isRepositoryName({ owner, name }: Repository): boolean {
  return NAME.test(owner) && owner !== '.' && owner !== '..' && NAME.test(name) && !RESERVED.test(name)
}

function deny(rule: string, reason: string): Decision {
  return { effect: 'deny', rule, reason }
}
