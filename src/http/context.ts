import type Koa from 'koa'

/** What the steps of the stack leave for the handlers behind them. */
export interface RequestState {
  requestId: string
  /** Address of the client, through trusted proxies. */
  address: string
  /** The matched route's pattern, for metrics: never the raw path. */
  route?: string
}

export type HttpContext = Koa.ParameterizedContext<RequestState>
export type Step = Koa.Middleware<RequestState>
