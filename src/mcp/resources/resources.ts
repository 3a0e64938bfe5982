import {
  type CallToolResult,
  ProtocolError,
  type ReadResourceResult,
  ResourceNotFoundError,
  type ResourceTemplateType,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { findAddress, formatAddress, type ResourceAddress } from '../../lib/resource-address.js'
import {
  type CallDeps,
  callForRequest,
  INVALID_PARAMS,
  isListed,
  type McpRequest,
  toProgress,
  toResourceError,
  type WantedCall,
} from '../gate-call.js'

/*
 * What can be read as a resource. Each kind is one of our tools under an address: reading it is calling that tool, with
 * everything that means, and who may not call the tool is not offered the kind.
 */

interface Kind {
  readonly tool: string
  readonly template: ResourceTemplateType
}

const KINDS: Readonly<Record<ResourceAddress['kind'], Kind>> = {
  file: {
    tool: 'get_file_contents',
    template: {
      uriTemplate: 'gitea://{owner}/{repo}/file/{+path}{?ref}',
      name: 'file',
      title: 'File',
      description: 'A file of a repository, at a branch, tag or commit when ref is given.',
      mimeType: 'text/plain',
    },
  },
  issue: {
    tool: 'get_issue',
    template: {
      uriTemplate: 'gitea://{owner}/{repo}/issue/{number}',
      name: 'issue',
      title: 'Issue',
      description: 'An issue with its text.',
      mimeType: 'text/plain',
    },
  },
  pull: {
    tool: 'get_pull_request',
    template: {
      uriTemplate: 'gitea://{owner}/{repo}/pull/{number}',
      name: 'pull_request',
      title: 'Pull request',
      description: 'A pull request with its text and the files it changes.',
      mimeType: 'text/plain',
    },
  },
  job: {
    tool: 'get_job_log',
    template: {
      uriTemplate: 'gitea://{owner}/{repo}/job/{number}/log',
      name: 'job_log',
      title: 'Log of a job',
      description: 'What a job of an Actions run has written.',
      mimeType: 'text/plain',
    },
  },
}

/** The templates this caller may read something through. */
export function listTemplates({ gate }: CallDeps, request: McpRequest): ResourceTemplateType[] {
  return Object.values(KINDS)
    .filter(({ tool: name }) => {
      const tool = gate.tools.get(name)
      return tool !== undefined && isListed(gate, tool, request)
    })
    .map(({ template }) => template)
}

/**
 * The tool call that reads `uri`.
 *
 * @returns undefined for an address that is none of ours
 */
export function findResourceCall(uri: string): WantedCall | undefined {
  const address = findAddress(uri)
  return address === undefined ? undefined : { tool: KINDS[address.kind].tool, args: toArguments(address) }
}

function toArguments(address: ResourceAddress): Record<string, unknown> {
  const { owner, repo } = address
  switch (address.kind) {
    case 'file':
      return { owner, repo, filepath: address.path, ...(address.ref === undefined ? {} : { ref: address.ref }) }
    case 'issue':
      return { owner, repo, issue_number: address.number }
    case 'pull':
      return { owner, repo, pull_number: address.number }
    case 'job':
      return { owner, repo, job_id: address.number }
  }
}

/** @throws ProtocolError with the refusal; ResourceNotFoundError for what Gitea does not have or does not show */
export async function readResource(
  deps: CallDeps,
  request: McpRequest,
  uri: string,
  context: ServerContext,
): Promise<ReadResourceResult> {
  const wanted = findResourceCall(uri)
  if (wanted === undefined) {
    if (!uri.startsWith('gitea:')) {
      throw new ResourceNotFoundError(uri)
    }
    const templates = Object.values(KINDS).map(({ template }) => template.uriTemplate)
    throw new ProtocolError(INVALID_PARAMS, `This is no address of a resource. They are ${templates.join(', ')}.`)
  }
  const outcome = await callForRequest(deps, request, wanted, context.mcpReq.signal, toProgress(context))
  if (!outcome.ok) {
    throw toResourceError(deps.challenges, request, uri, outcome.refusal)
  }
  return { contents: [{ uri, mimeType: 'text/plain', text: outcome.text }] }
}

/** The revisions of MCP whose tool results may hold a link; clients of earlier ones refuse a result that does. */
const REVISIONS_WITH_LINKS = new Set(['2025-06-18', '2025-11-25', '2026-07-28'])

/**
 * A link to what a tool has just shown, so that a person can pin it or open it again. Only where the answer is the
 * whole of one thing: a further part of it would bring the same link once more.
 */
export function findLink({ tool, args }: WantedCall, { revision }: McpRequest): CallToolResult['content'] {
  const address = REVISIONS_WITH_LINKS.has(revision ?? '') ? findLinkedAddress(tool, Object(args)) : undefined
  if (address === undefined) {
    return []
  }
  const { owner, repo } = address
  const name = address.kind === 'file' ? address.path : `${owner}/${repo}#${address.number}`
  // for people: a client may keep it from the model, which knows the arguments already
  return [{ type: 'resource_link', uri: formatAddress(address), name, annotations: { audience: ['user'] } }]
}

function findLinkedAddress(tool: string, args: Record<string, unknown>): ResourceAddress | undefined {
  const { owner, repo, filepath, ref, issue_number, pull_number, ...rest } = args
  if (typeof owner !== 'string' || typeof repo !== 'string' || Object.keys(rest).length > 0) {
    return undefined
  }
  if (tool === 'get_file_contents' && typeof filepath === 'string') {
    const address = { kind: 'file', owner, repo, path: filepath, ...(typeof ref === 'string' ? { ref } : {}) } as const
    return `${filepath}${address.ref ?? ''}`.isWellFormed() ? address : undefined
  }
  if (tool === 'get_issue' && typeof issue_number === 'number') {
    return { kind: 'issue', owner, repo, number: issue_number }
  }
  if (tool === 'get_pull_request' && typeof pull_number === 'number') {
    return { kind: 'pull', owner, repo, number: pull_number }
  }
  return undefined
}
