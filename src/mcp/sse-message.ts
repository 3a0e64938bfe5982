import type { JSONRPCMessage, MessageExtraInfo, RequestId, Server, Transport } from '@modelcontextprotocol/server'

/*
 * Messages of one HTTP+SSE session. Each request is answered by a Server of its own that knows the caller of that
 * message, so a token that was renewed, narrowed or revoked in between counts at once; only the stream is shared.
 */

export interface SessionMessages {
  /**
   * Takes one message of the client. Requests are answered on the stream; the rest has no answer.
   *
   * @param open makes the Server of a request, for the caller of this message
   */
  take(message: JSONRPCMessage, open: () => Server): Promise<void>
  /** Whether a request with this id is under way, which a second one must not share. */
  isUnderWay(id: RequestId): boolean
  count(): number
  /** Aborts what is under way. */
  close(): Promise<void>
}

interface UnderWay {
  readonly server: Server
  readonly exchange: MessageExchange
}

export function createSessionMessages(send: (message: JSONRPCMessage) => Promise<void>): SessionMessages {
  const underWay = new Map<RequestId, UnderWay>()

  const answer = async (id: RequestId, message: JSONRPCMessage, server: Server) => {
    const exchange = new MessageExchange(async (sent) => {
      if (!('method' in sent)) {
        underWay.delete(id)
      }
      await send(sent)
    })
    underWay.set(id, { server, exchange })
    await server.connect(exchange)
    exchange.onmessage?.(message)
  }

  return {
    take: async (message, open) => {
      if (!('method' in message)) {
        // an answer to a question we never ask
        return
      }
      if ('id' in message && message.id !== undefined) {
        await answer(message.id, message, open())
        return
      }
      const id = message.method === 'notifications/cancelled' ? findRequestId(message.params) : undefined
      const cancelled = id === undefined ? undefined : underWay.get(id)
      if (id !== undefined && cancelled !== undefined) {
        // a cancelled request is never answered
        underWay.delete(id)
        cancelled.exchange.onmessage?.(message)
      }
    },
    isUnderWay: (id) => underWay.has(id),
    count: () => underWay.size,
    close: async () => {
      const servers = [...underWay.values()].map(({ server }) => server.close())
      underWay.clear()
      await Promise.all(servers)
    },
  }
}

class MessageExchange implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: <Message extends JSONRPCMessage>(message: Message, extra?: MessageExtraInfo) => void
  readonly send: (message: JSONRPCMessage) => Promise<void>

  constructor(send: (message: JSONRPCMessage) => Promise<void>) {
    this.send = send
  }

  async start(): Promise<void> {}

  async close(): Promise<void> {
    this.onclose?.()
  }
}

function findRequestId(params: Record<string, unknown> | undefined): RequestId | undefined {
  const id = params?.requestId
  return typeof id === 'string' || typeof id === 'number' ? id : undefined
}
