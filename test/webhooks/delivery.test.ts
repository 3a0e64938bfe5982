import { describe, expect, it } from 'vitest'
import { parseDelivery } from '../../src/webhooks/delivery.js'
import { readRecorded } from './deliver.js'

const digest = 'd'.repeat(64)

/** As it would arrive. */
function parse(name: string, change: (payload: Record<string, unknown>) => unknown = (payload) => payload) {
  const { headers, body } = readRecorded(name)
  const given = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]))
  return parseDelivery(given, { digest, json: JSON.stringify(change(Object(JSON.parse(body)))) })
}

describe('what jobs are told', () => {
  it('of a push: the commits, the branch and, where Gitea names them all, the paths', () => {
    expect(parse('push')).toMatchObject({
      eventType: 'push',
      repository: { owner: 'alice', name: 'verify-main' },
      facts: {
        event: 'push',
        ref: 'refs/heads/topic/pr',
        branch: 'topic/pr',
        before: 'ed0b5b50ca3fc0c67ed7b34f97dff600004614a1',
        after: 'cb7f25d5d8491b17676adf38b7f533122ddf9366',
        default_branch: 'main',
        commits: 1,
        changed_paths: [expect.any(String)],
      },
    })
    expect(parse('push', (payload) => ({ ...payload, total_commits: 6 })).facts).not.toHaveProperty('changed_paths')
    expect(parse('push.branch-new').facts).not.toHaveProperty('changed_paths')
  })

  it.each([
    ['push.tag', { tag: expect.any(String), ref: expect.stringMatching(/^refs\/tags\//) }],
    ['create.branch', { branch: 'main', ref: 'main' }],
    ['create.tag', { tag: expect.any(String) }],
    ['delete.branch', { branch: expect.any(String) }],
    ['issues.opened', { action: 'opened', number: expect.any(Number), sender: 'alice' }],
    ['issue_comment.created', { number: expect.any(Number), comment_id: expect.any(Number), is_pull: false }],
    ['pull_request_comment.created', { number: expect.any(Number), is_pull: true }],
    ['pull_request.closed.merged', { merged: true, is_pull: true, base_ref: 'main' }],
    ['pull_request.closed', { merged: false }],
    [
      'pull_request_sync.synchronized',
      { head_sha: expect.stringMatching(/^[0-9a-f]{40}$/), head_ref: expect.any(String) },
    ],
    ['pull_request_review_approved.reviewed', { review: 'pull_request_review_approved' }],
    ['release.published', { release_id: expect.any(Number), tag: expect.any(String), prerelease: expect.any(Boolean) }],
    ['status.failure', { sha: expect.any(String), state: 'failure', context: expect.any(String) }],
    ['workflow_run.completed.failure', { run_id: expect.any(Number), conclusion: 'failure', status: 'completed' }],
    [
      'workflow_job.completed.success',
      { run_id: expect.any(Number), job_id: expect.any(Number), conclusion: 'success' },
    ],
    ['repository.created', { action: 'created', private: expect.any(Boolean) }],
  ])('of %s', (name, facts) => {
    const delivery = parse(name)

    expect(delivery.problem).toBeUndefined()
    expect(delivery.facts).toMatchObject({ event: delivery.eventType, ...facts })
  })

  it('is bounded, and holds no text of people', () => {
    const long = 'x'.repeat(5000)
    const { facts } = parse('issues.opened', (payload) => ({
      ...payload,
      ref: long,
      issue: { ...Object(payload.issue), title: 'Some words', body: 'Some words' },
    }))

    expect(JSON.stringify(facts)).not.toMatch(/xxxx|Some words/)
    expect(
      JSON.stringify(
        parse('push', (payload) => ({ ...payload, total_commits: 1, commits: [{ added: [long] }] })).facts,
      ),
    ).not.toContain('xxxx')
  })
})

describe('what is odd', () => {
  it.each([
    ['a list', []],
    ['a word', 'opened'],
    ['nothing', null],
    [
      'an issue without a number',
      { action: 'opened', repository: { id: 1, name: 'a', private: true, owner: { login: 'b' } } },
    ],
    [
      'a number that is a word',
      { number: 'twelve', repository: { id: 1, name: 'a', private: true, owner: { login: 'b' } } },
    ],
    ['no repository', { action: 'opened', number: 1 }],
    ['a repository of another shape', { number: 1, repository: { id: -1, name: '', private: 'yes' } }],
  ])('is not understood: %s', (_what, payload) => {
    expect(parse('issues.opened', () => payload).problem).toBe('not_understood')
  })

  it('does not take an id or an event that Gitea would not send', () => {
    const headers = { 'x-gitea-delivery': '../../x', 'x-gitea-event-type': 'Push; DROP' }

    expect(parseDelivery(headers, { digest, json: '{}' })).toMatchObject({
      id: `sha256-${'d'.repeat(32)}`,
      eventType: 'unknown',
      problem: 'unknown_event',
    })
  })
})
