/** What a person sees who opens the server's address in a browser. */
import type { FC } from 'hono/jsx'
import { Layout } from './layout.js'

interface HomePageProps {
  readonly publicBaseUrl: string
  /** Where people read this Gitea in their browser. */
  readonly giteaUrl: string
}

export const HomePage: FC<HomePageProps> = ({ publicBaseUrl, giteaUrl }) => {
  const giteaHost = new URL(giteaUrl).host
  const mcpUrl = `${publicBaseUrl}/mcp`
  return (
    <Layout title={`Aegis for ${giteaHost}`} giteaHost={giteaHost} isWide>
      <main class="card">
        <h1>Connect your AI client to {giteaHost}</h1>
        <p>
          Your client works with your repositories, issues and pull requests under your own Gitea account: it can do
          what you can do, less what this server’s policy rules out. Every call is recorded.
        </p>
        <div>
          <h2>The address to give your client</h2>
          <pre class="mono">{mcpUrl}</pre>
        </div>
        <div class="ways">
          <section>
            <h2>Claude</h2>
            <p>Settings → Connectors → Add custom connector, paste the address, then Connect.</p>
          </section>
          <section>
            <h2>ChatGPT</h2>
            <p>
              Settings → Apps &amp; Connectors → Advanced: turn on developer mode. Then Create, paste the address,
              choose OAuth.
            </p>
          </section>
          <section>
            <h2>Claude Code</h2>
            <pre class="mono">{`claude mcp add --transport http gitea ${mcpUrl}`}</pre>
            <p class="small">
              Then <code>/mcp</code> inside Claude Code signs you in.
            </p>
          </section>
          <section>
            <h2>VS Code</h2>
            <pre class="mono">{`code --add-mcp '${JSON.stringify({ name: 'gitea', type: 'http', url: mcpUrl })}'`}</pre>
          </section>
          <section>
            <h2>Any other client</h2>
            <p>It needs Streamable HTTP and OAuth, nothing else: no token to copy, no client id.</p>
          </section>
        </div>
        <p class="note">
          On first use you sign in at <a href={giteaUrl}>{giteaHost}</a>, and a page here asks you what the client may
          do.
        </p>
        <p class="small">
          <a href="/health">Health of this server</a>
        </p>
      </main>
    </Layout>
  )
}
