import type { CompleteRequestParams, CompleteResult } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { SECOND } from '../lib/units.js'
import { type CallDeps, callForRequest, type McpRequest, throwForHttp, type WantedCall } from './gate-call.js'

/*
 * Values for the arguments of prompts and resource templates, while a person types. Each comes from one list tool,
 * called like any other call; what the caller may not list is simply not proposed.
 */

const MOST_VALUES = 100
/** The most a list tool gives in one answer. */
const PAGE = 50
/** Later nobody looks at the proposals any more. */
const DEADLINE_MS = 3 * SECOND

type Given = Readonly<Record<string, string>>

interface Source {
  /** The call that lists values; undefined while the arguments it needs are not there yet. */
  findCall(given: Given, typed: string, subject: string): WantedCall | undefined
  pick(data: Readonly<Record<string, unknown>>, given: Given): readonly string[]
}

const Repositories = z.array(z.object({ owner: z.string(), name: z.string() })).catch([])
const Named = z.array(z.object({ name: z.string() })).catch([])
const Numbered = z.array(z.object({ number: z.number() })).catch([])

const owners: Source = {
  findCall: () => ({ tool: 'list_repositories', args: { limit: PAGE } }),
  pick: ({ repositories }) => Repositories.parse(repositories).map(({ owner }) => owner),
}

const repositories: Source = {
  findCall: (_given, typed) =>
    typed === ''
      ? { tool: 'list_repositories', args: { limit: PAGE } }
      : { tool: 'search_repositories', args: { query: typed, limit: PAGE } },
  pick: ({ repositories }, given) =>
    Repositories.parse(repositories)
      .filter(({ owner }) => given.owner === undefined || owner.toLowerCase() === given.owner.toLowerCase())
      .map(({ name }) => name),
}

/** Names in one list of one repository; list tools name the field like the things in it. */
function namesIn(tool: string, field: string): Source {
  return {
    findCall: (given) => inRepository(given, tool),
    pick: (data) => Named.parse(data[field]).map(({ name }) => name),
  }
}

const numbers: Source = {
  findCall: (given, _typed, subject) =>
    inRepository(given, subject.includes('pull') ? 'list_pull_requests' : 'list_issues'),
  pick: ({ issues, pull_requests }) => Numbered.parse(pull_requests ?? issues).map(({ number }) => String(number)),
}

const SOURCES = new Map<string, Source>([
  ['owner', owners],
  ['repo', repositories],
  ['ref', namesIn('list_branches', 'branches')],
  ['branch', namesIn('list_branches', 'branches')],
  ['label', namesIn('list_labels', 'labels')],
  ['since', namesIn('list_tags', 'tags')],
  ['number', numbers],
])

/** @throws ProtocolError for what HTTP must tell; everything else that goes wrong proposes nothing */
export async function complete(
  deps: CallDeps,
  request: McpRequest,
  { ref, argument, context }: CompleteRequestParams,
  signal: AbortSignal,
): Promise<CompleteResult> {
  const given = context?.arguments ?? {}
  const source = SOURCES.get(argument.name)
  const subject = ref.type === 'ref/prompt' ? ref.name : ref.uri
  // numbers of jobs are nothing a person types
  const wanted = subject.includes('/job/') ? undefined : source?.findCall(given, argument.value, subject)
  if (source === undefined || wanted === undefined) {
    return propose([])
  }
  const outcome = await callForRequest(
    deps,
    request,
    { ...wanted, form: 'data' },
    AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
  )
  if (!outcome.ok) {
    throwForHttp(deps.challenges, request, outcome.refusal)
    return propose([])
  }
  const typed = argument.value.toLowerCase()
  const values = new Set(source.pick(outcome.data, given))
  return propose([...values].filter((value) => value.toLowerCase().startsWith(typed)))
}

function propose(values: readonly string[]): CompleteResult {
  return {
    completion: {
      values: values.slice(0, MOST_VALUES),
      total: values.length,
      hasMore: values.length > MOST_VALUES,
    },
  }
}

function inRepository({ owner, repo }: Given, tool: string): WantedCall | undefined {
  return owner === undefined || repo === undefined ? undefined : { tool, args: { owner, repo, limit: PAGE } }
}
