import type Koa from 'koa'
import type { Secret } from '../lib/secret.js'

/** What the steps of the stack leave for the handlers behind them. */
export interface RequestState {
  requestId: string
  /** Address of the client, through trusted proxies. */
  address: string
  /** An API key that stood in the address, where the settings let one stand there. */
  queryKey?: Secret
  /** The matched route's pattern, for metrics: never the raw path. */
  route?: string
}

export type HttpContext = Koa.ParameterizedContext<RequestState>
export type Step = Koa.Middleware<RequestState>
