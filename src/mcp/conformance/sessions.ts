import type { IncomingMessage, ServerResponse } from 'node:http'
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node'
import { type EventStore, isInitializeRequest, type JSONRPCMessage, type Server } from '@modelcontextprotocol/server'
import { createToken } from '../../lib/ids.js'
import { sendJson } from '../thin-exchange.js'
import { SESSION_TOOLS } from './session-tools.js'

const MAX_SESSIONS = 64
const MAX_EVENTS = 256
const RETRY_MS = 200
const SESSION_NOT_FOUND = -32001
const sessionTools = new Set(SESSION_TOOLS.map(({ listed }) => listed.name))

interface Session {
  readonly accountId: string
  readonly server: Server
  readonly transport: NodeStreamableHTTPServerTransport
}

export interface Sessions {
  /** Answers a request that needs a session and says true; all others are the product's own to answer. */
  serve(
    req: IncomingMessage,
    res: ServerResponse,
    body: unknown,
    accountId: string,
    open: () => Server,
  ): Promise<boolean>
  close(): Promise<void>
}

/**
 * Sessions of the 2025 revisions, which the product itself does not keep: only here can a tool ask the client back or
 * a broken stream be resumed. Plain requests that carry a session id still go the product's way.
 */
export function createSessions(): Sessions {
  const sessions = new Map<string, Session>()

  const begin = async (accountId: string, server: Server): Promise<Session> => {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: () => createToken(24),
      eventStore: createEventStore(),
      retryInterval: RETRY_MS,
      onsessioninitialized: (id) => {
        sessions.set(id, session)
      },
      onsessionclosed: (id) => {
        sessions.delete(id)
      },
    })
    const session: Session = { accountId, server, transport }
    await server.connect(transport)
    const [oldest] = sessions.entries()
    if (oldest !== undefined && sessions.size >= MAX_SESSIONS) {
      sessions.delete(oldest[0])
      await oldest[1].server.close()
    }
    return session
  }

  return {
    serve: async (req, res, body, accountId, open) => {
      const id = req.headers['mcp-session-id']
      if (id === undefined && isInitializeRequest(body)) {
        const session = await begin(accountId, open())
        await session.transport.handleRequest(req, res, body)
        return true
      }
      if (id === undefined) {
        return false
      }
      const session = sessions.get(String(id))
      // a session of someone else is as unknown as one that has ended
      if (session === undefined || session.accountId !== accountId) {
        const error = { code: SESSION_NOT_FOUND, message: 'There is no such session. Initialize again.' }
        sendJson(res, { status: 404, headers: {} }, { jsonrpc: '2.0', error, id: null })
        return true
      }
      if (!needsSession(body)) {
        return false
      }
      await session.transport.handleRequest(req, res, body)
      return true
    },
    close: async () => {
      const open = [...sessions.values()]
      sessions.clear()
      await Promise.all(open.map(({ server }) => server.close()))
    },
  }
}

/** GET and DELETE (no body), answers of the client, notifications, and the tools that ask back. */
function needsSession(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || !('method' in body) || !('id' in body)) {
    return true
  }
  const params = 'params' in body ? body.params : undefined
  const name = typeof params === 'object' && params !== null && 'name' in params ? params.name : undefined
  return body.method === 'tools/call' && typeof name === 'string' && sessionTools.has(name)
}

/** The last events of one session, for a client that reconnects with Last-Event-ID. */
function createEventStore(): EventStore {
  const events: { id: string; streamId: string; message: JSONRPCMessage }[] = []
  return {
    storeEvent: async (streamId, message) => {
      const id = createToken(12)
      events.push({ id, streamId, message })
      events.splice(0, Math.max(0, events.length - MAX_EVENTS))
      return id
    },
    getStreamIdForEventId: async (id) => events.find((event) => event.id === id)?.streamId,
    replayEventsAfter: async (lastId, { send }) => {
      const at = events.findIndex(({ id }) => id === lastId)
      const streamId = events[at]?.streamId ?? ''
      for (const event of events.slice(at + 1)) {
        if (event.streamId === streamId) {
          await send(event.id, event.message)
        }
      }
      return streamId
    },
  }
}
