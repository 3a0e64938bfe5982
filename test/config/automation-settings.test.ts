import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config/config.js'

const automation = {
  GITEA_URL: 'https://git.example.org/',
  GITEA_OAUTH_CLIENT_ID: 'client',
  GITEA_OAUTH_CLIENT_SECRET: 'gto_secret',
  OAUTH_STATE_SECRET: 'x'.repeat(32),
  AUTOMATION_ENABLED: 'true',
  AUTOMATION_TOKEN: 'a'.repeat(40),
  AUTOMATION_WEBHOOK_SECRETS: 'the-current-webhook-secret,the-older-webhook-secret',
}

test.each(['https://alerts.example.org/hook?key=1', 'http://127.0.0.1:9000/hook', 'http://localhost/hook'])(
  'alerts may go to %s, signed with the current webhook secret',
  (address) => {
    const target = loadConfig({ ...automation, AUTOMATION_ALERT_WEBHOOK_URL: address }).automation?.alertTarget

    expect([target?.url.reveal(), target?.secret.reveal()]).toEqual([address, 'the-current-webhook-secret'])
    expect(JSON.stringify(target)).not.toContain('example')
  },
)

test.each(['/var/lib/osv', 'data/npm.json', 'https://osv.example.org/npm.json'])(
  'advisories may come from %s',
  (source) => {
    const settings = loadConfig({ ...automation, AUTOMATION_ADVISORY_SOURCE: source }).automation

    expect(settings?.advisorySource).toBe(source)
  },
)

test.each([
  [{ AUTOMATION_ADVISORY_SOURCE: 'http://osv.example.org/npm.json' }, 'AUTOMATION_ADVISORY_SOURCE must be a path'],
  [{ AUTOMATION_ADVISORY_SOURCE: 'file:///etc/passwd' }, 'AUTOMATION_ADVISORY_SOURCE must be a path'],
  [{ AUTOMATION_ALERT_WEBHOOK_URL: 'http://alerts.example.org/hook' }, 'must begin with https://'],
  [
    { AUTOMATION_ALERT_WEBHOOK_URL: 'https://alerts.example.org', AUTOMATION_WEBHOOK_SECRETS: '' },
    'needs AUTOMATION_WEBHOOK_SECRETS',
  ],
])('refuses %j', (settings, problem) => {
  expect(() => loadConfig({ ...automation, ...settings })).toThrow(problem)
})
