// npm run tokens: what the tool list costs a model, tool by tool (o200k: name, description and schema).
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { toInputSchema } from '../src/mcp/tool-list.js'
import { catalog } from '../src/tools/catalog.gen.js'
import { isForClients } from '../src/tools/define-tool.js'

const rows = catalog.filter(isForClients).map((tool) => ({
  name: tool.name,
  tokens: countTokens(
    JSON.stringify({ name: tool.name, description: tool.description, inputSchema: toInputSchema(tool.input) }),
  ),
}))
rows.sort((a, b) => b.tokens - a.tokens)
for (const { name, tokens } of rows) {
  console.log(String(tokens).padStart(5), name)
}
const sum = rows.reduce((total, { tokens }) => total + tokens, 0)
console.log(String(sum).padStart(5), `together, ${(sum / rows.length).toFixed(1)} a tool`)
