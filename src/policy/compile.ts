import { findNearMisses } from '../lib/near-miss.js'
import { MINUTE } from '../lib/units.js'
import { compileAutomation, compileJobs, type JobChecks } from './compile-jobs.js'
import { compileAllowGlob, compileDenyGlob, compileNameGlob, findGlobProblem, isNameGlob } from './globs.js'
import type { PathRules, Policy, RepositoryRules, Rule, ToolHits, ToolRules } from './policy.js'
import type { Place, PolicyProblem, PolicyText } from './policy-text.js'
import type { PolicyFile } from './schema.js'

interface Compiling {
  readonly file: string
  readonly toolNames: readonly string[]
  readonly jobs: JobChecks
  readonly source: PolicyText
}

type ToolLists = PolicyFile['tools']
type PathLists = NonNullable<PolicyFile['repositories'][string]['paths']>

/** Looks up every name and compiles every glob; the policy is usable only when there are no problems. */
export function compilePolicy(
  file: PolicyFile,
  compiling: Compiling,
): { readonly policy: Policy; readonly problems: readonly PolicyProblem[] } {
  const policy: Policy = {
    file: compiling.file,
    defaults: file.defaults,
    knownTools: new Set(compiling.toolNames.map((name) => name.toLowerCase())),
    tools: compileTools(file.tools, ['tools'], compiling),
    repositories: compileRepositories(file.repositories, compiling),
    automation: compileAutomation(file.automation, compiling),
    privateToPublic: { mode: file.private_to_public, windowMs: file.private_to_public_minutes * MINUTE },
  }
  return { policy, problems: compiling.source.problems }
}

function compileRepositories(map: PolicyFile['repositories'], compiling: Compiling): readonly RepositoryRules[] {
  const seen = new Map<string, string>()
  const compiled: RepositoryRules[] = []
  for (const [key, entry] of Object.entries(map)) {
    const place = ['repositories', key]
    const twin = seen.get(key.toLowerCase())
    const problem =
      findRepositoryProblem(key) ??
      (twin === undefined ? undefined : `is the same repository as “${twin}”; case does not count`)
    if (problem !== undefined) {
      compiling.source.addAtKey(place, `“${key}” ${problem}`)
      continue
    }
    seen.set(key.toLowerCase(), key)
    compiled.push({
      key,
      line: compiling.source.getLine(place, 'key'),
      matcher: compileNameGlob(key),
      tools: entry.tools === undefined ? undefined : compileTools(entry.tools, [...place, 'tools'], compiling),
      paths: entry.paths === undefined ? undefined : compilePaths(entry.paths, [...place, 'paths'], compiling),
      automation: compileJobs(entry.automation ?? {}, [...place, 'automation'], compiling),
    })
  }
  return compiled
}

const REPOSITORY = /^[A-Za-z0-9._*?-]{1,100}\/[A-Za-z0-9._*?-]{1,100}$/
const TOO_MANY_STARS = /\*\*|(?:\*[^/*]+){3}\*/

function findRepositoryProblem(key: string): string | undefined {
  if (!REPOSITORY.test(key)) {
    return 'is not a repository: write owner/name, where * and ? may stand for letters, as in acme/*'
  }
  return TOO_MANY_STARS.test(key) ? 'has “**” or more than three “*” in one part' : undefined
}

function compileTools(lists: ToolLists, place: Place, compiling: Compiling): ToolRules {
  const byTool = new Map<string, ToolHits>()
  for (const list of ['deny', 'approve', 'allow'] as const) {
    lists[list]?.forEach((text, index) => {
      const at = [...place, list, index]
      const rule: Rule = { name: toRuleName(at), text, line: compiling.source.getLine(at, 'value') }
      const isByName = !isNameGlob(text)
      for (const tool of findTools(text, at, compiling)) {
        const hits = byTool.get(tool) ?? {}
        if (list === 'allow') {
          const isBetter = hits.allow === undefined || (isByName && !hits.allow.isByName)
          byTool.set(tool, isBetter ? { ...hits, allow: { ...rule, isByName } } : hits)
        } else {
          byTool.set(tool, { [list]: rule, ...hits })
        }
      }
    })
  }
  return {
    name: toRuleName(place),
    line: compiling.source.getLine(place, 'key'),
    isClosed: place[0] === 'repositories' && lists.allow !== undefined,
    byTool,
  }
}

/** The tools an entry means, in lower case; an entry that means none is a problem. */
function findTools(text: string, at: Place, { toolNames, source }: Compiling): readonly string[] {
  if (!/^[A-Za-z0-9_*?-]{1,100}$/.test(text) || TOO_MANY_STARS.test(text)) {
    source.addAt(at, `“${text}” is not the name of a tool; it may hold letters, digits, _ and the wildcards * and ?`)
    return []
  }
  const matcher = compileNameGlob(text)
  const found = toolNames.map((name) => name.toLowerCase()).filter((name) => matcher.test(name))
  if (found.length === 0) {
    const near = isNameGlob(text) ? [] : findNearMisses(text, toolNames)
    const meant = near.length === 0 ? '' : ` Did you mean ${near.map((name) => `“${name}”`).join(' or ')}?`
    source.addAt(at, isNameGlob(text) ? `“${text}” matches no tool.` : `There is no tool “${text}”.${meant}`)
  }
  return found
}

function compilePaths(lists: PathLists, place: Place, { source }: Compiling): PathRules {
  const toRules = (list: 'allow' | 'deny'): readonly Rule[] | undefined =>
    lists[list]?.flatMap((text, index) => {
      const at = [...place, list, index]
      const problem = findGlobProblem(text)
      if (problem !== undefined) {
        source.addAt(at, `“${text}” ${problem}`)
        return []
      }
      return [{ name: toRuleName(at), text, line: source.getLine(at, 'value') }]
    })
  return {
    name: toRuleName(place),
    line: source.getLine(place, 'key'),
    allow: toRules('allow')?.map((rule) => ({ ...rule, matcher: compileAllowGlob(rule.text) })),
    deny: (toRules('deny') ?? []).map((rule) => ({ ...rule, matchers: compileDenyGlob(rule.text) })),
  }
}

/** `repositories.acme/web.tools.deny[0]`. */
function toRuleName(place: Place): string {
  return place
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .slice(1)
}
