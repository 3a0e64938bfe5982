import {
  acceptedContent,
  type InputRequest,
  inputRequired,
  inputResponse,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import { declaredCapabilities, type FixtureTool, fixtureTool, textResult } from './fixture-tool.js'

/** What these fixtures keep between the rounds of one call; sealed, because it comes back from the client. */
export interface RoundState {
  readonly round: number
}

const name = z.object({ name: z.string() })
const color = z.object({ color: z.string() })
const confirmation = z.object({ ok: z.boolean() })

const askName = () => inputRequired.elicit({ message: 'What is your name?', requestedSchema: name })
const askColor = () => inputRequired.elicit({ message: 'Which color do you like?', requestedSchema: color })
const askConfirmation = () => inputRequired.elicit({ message: 'Go on?', requestedSchema: confirmation })
const askModel = () =>
  inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: 'What is the capital of France?' } }],
    maxTokens: 100,
  })

/** Tools of 2026-07-28 that answer with questions first (SEP-2322). */
export function createInputTools(states: RequestStateCodec<RoundState>): FixtureTool[] {
  const seal = (round: number, context: ServerContext) => states.mint({ round }, context)

  const confirmed = async (context: ServerContext) => {
    const { inputResponses, requestState } = context.mcpReq
    const state = requestState<RoundState>()
    if (state?.round === 1 && acceptedContent(inputResponses, 'confirm', confirmation) !== undefined) {
      return textResult('Confirmed, and the state is ours: state-ok.')
    }
    return inputRequired({ inputRequests: { confirm: askConfirmation() }, requestState: await seal(1, context) })
  }

  return [
    fixtureTool('test_input_required_result_elicitation', 'asks for a name.', async (_args, { mcpReq }) => {
      const given = acceptedContent(mcpReq.inputResponses, 'user_name', name)
      return given === undefined
        ? inputRequired({ inputRequests: { user_name: askName() } })
        : textResult(`Good day, ${given.name}.`)
    }),
    fixtureTool('test_streaming_elicitation', 'asks for a name, and never by a request.', async (_args, { mcpReq }) => {
      const given = acceptedContent(mcpReq.inputResponses, 'user_name', name)
      return given === undefined
        ? inputRequired({ inputRequests: { user_name: askName() } })
        : textResult(`Good day, ${given.name}.`)
    }),
    fixtureTool('test_input_required_result_sampling', "asks the client's model.", async (_args, { mcpReq }) => {
      const answer = inputResponse(mcpReq.inputResponses, 'capital_question')
      return answer.kind === 'sampling'
        ? textResult(`The model said ${JSON.stringify(answer.result.content)}`)
        : inputRequired({ inputRequests: { capital_question: askModel() } })
    }),
    fixtureTool('test_input_required_result_list_roots', 'asks for the roots.', async (_args, { mcpReq }) => {
      const answer = inputResponse(mcpReq.inputResponses, 'client_roots')
      return answer.kind === 'roots'
        ? textResult(`Roots: ${answer.roots.map(({ uri }) => uri).join(', ')}`)
        : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } })
    }),
    fixtureTool('test_input_required_result_request_state', 'keeps a state between rounds.', (_args, context) =>
      confirmed(context),
    ),
    fixtureTool('test_input_required_result_tampered_state', 'refuses a state it did not seal.', (_args, context) =>
      confirmed(context),
    ),
    fixtureTool('test_input_required_result_multiple_inputs', 'asks three things at once.', async (_args, context) => {
      const { inputResponses } = context.mcpReq
      const given = acceptedContent(inputResponses, 'user_name', name)
      const answered =
        given !== undefined &&
        inputResponse(inputResponses, 'greeting').kind === 'sampling' &&
        inputResponse(inputResponses, 'client_roots').kind === 'roots'
      return answered
        ? textResult(`Everything is here, ${given.name}.`)
        : inputRequired({
            inputRequests: { user_name: askName(), greeting: askModel(), client_roots: inputRequired.listRoots() },
            requestState: await seal(1, context),
          })
    }),
    fixtureTool('test_input_required_result_multi_round', 'asks two things in turn.', async (_args, context) => {
      const { inputResponses, requestState } = context.mcpReq
      const round = requestState<RoundState>()?.round
      if (round === 2 && acceptedContent(inputResponses, 'step2', color) !== undefined) {
        return textResult('Both questions are answered.')
      }
      if (round === 1 && acceptedContent(inputResponses, 'step1', name) !== undefined) {
        return inputRequired({ inputRequests: { step2: askColor() }, requestState: await seal(2, context) })
      }
      return inputRequired({ inputRequests: { step1: askName() }, requestState: await seal(1, context) })
    }),
    fixtureTool('test_input_required_result_capabilities', 'asks only what the client can.', async (_args, context) => {
      const questions = askable(declaredCapabilities(context))
      return Object.keys(questions).length === 0
        ? textResult('This client can be asked nothing.')
        : inputRequired({ inputRequests: questions })
    }),
  ]
}

function askable(declared: ReadonlySet<string>): Record<string, InputRequest> {
  return {
    ...(declared.has('elicitation') ? { user_name: askName() } : {}),
    ...(declared.has('sampling') ? { capital_question: askModel() } : {}),
    ...(declared.has('roots') ? { client_roots: inputRequired.listRoots() } : {}),
  }
}
