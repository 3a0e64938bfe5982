import { seedPeople } from '../../test/support/seed-gitea.js'
import type { Installation } from '../../test/support/server-beside-sandbox.js'

/**
 * What somebody in front of the terminal can try while the server runs.
 *
 * @param reload how the server is made to read its policy again
 */
export function toHints(installation: Installation, reload: string): readonly string[] {
  const mcpUrl = `${installation.url}/mcp`
  const logins = [seedPeople.alice, seedPeople.bob, seedPeople.mallory].map(
    ({ login, password }) => `${login} / ${password}`,
  )
  return [
    `  MCP address  ${mcpUrl}`,
    `  Browser      ${installation.url}/   (how to connect Claude, ChatGPT, VS Code, …)`,
    `  Claude Code  claude mcp add --transport http harbor ${mcpUrl}   then /mcp inside it`,
    `  Inspector    npx @modelcontextprotocol/inspector --cli ${mcpUrl} --transport http --method tools/list`,
    `  Sign in as   ${logins.join('   ')}`,
    `  Audit log    DATABASE_PATH=${installation.databasePath} npx aegis audit verify`,
    `  Policy       ${installation.policyPath}   (after a change: ${reload})`,
  ]
}
