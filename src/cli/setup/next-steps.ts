import { isLoopbackHost } from '../../config/config.js'

/** What to do after setup: start, check, connect. */
export function toNextSteps(publicUrl: string): string[] {
  const url = `${publicUrl}/mcp`
  const isLocal = isLoopbackHost(new URL(publicUrl).hostname)
  const server = JSON.stringify({ name: 'aegis-gitea', type: 'http', url })
  return [
    'Start it:    aegis serve   (in a clone: npm start; with Docker: docker compose --profile prod up -d)',
    'Check it:    aegis doctor',
    '',
    `Connect AI clients to ${url}`,
    `  Claude Code  claude mcp add --transport http aegis-gitea ${url}`,
    `  VS Code      code --add-mcp '${server}'`,
    ...(isLocal
      ? ['  Claude and ChatGPT reach public https addresses only; this one works for clients on this computer.']
      : [
          '  Claude       Settings → Connectors → Add custom connector, and paste the address',
          '  ChatGPT      Settings → Apps & Connectors → Create (developer mode), and paste the address',
        ]),
    'Each client then opens Gitea’s sign-in in a browser.',
  ]
}
