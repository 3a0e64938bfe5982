/** What can be changed on issues, their labels and milestones. */
import { expect } from 'vitest'
import { createComment, getComment, updateComment } from '../../src/gitea/comments.js'
import { addLabels, replaceLabels, updateIssue } from '../../src/gitea/issue-changes.js'
import { createLabel, createMilestone, updateLabel } from '../../src/gitea/label-changes.js'
import type { Exchanges } from './contract-exchange.js'

const closed = { owner: 'harbor', repo: 'booking', index: 5 }
const notes = { owner: 'alice', repo: 'field-notes' }
const count = expect.any(Number)

/* Ids are known only once something is made; exchanges run in this order. */
let commentId = 0
let labelId = 0

export const issueWriteExchanges: Exchanges = {
  updateIssue: {
    send: (client) => updateIssue(client, closed, { body: 'Measured on the Horta.', milestone: 0, assignees: [] }),
    parsed: { number: 5, state: 'closed', body: 'Measured on the Horta.', milestone: '', assignees: [], isPull: false },
  },
  createIssueComment: {
    async send(client) {
      const comment = await createComment(client, closed, 'The *ramp* too.')
      commentId = comment.id
      return comment
    },
    parsed: {
      id: count,
      author: 'alice',
      body: 'The *ramp* too.',
      number: 5,
      url: expect.stringMatching(/\/harbor\/booking\/issues\/5#issuecomment-\d+$/),
    },
  },
  getIssueComment: {
    send: (client) => getComment(client, { owner: 'harbor', repo: 'booking', id: commentId }),
    parsed: { author: 'alice', body: 'The *ramp* too.', number: 5 },
  },
  updateIssueComment: {
    send: (client) => updateComment(client, { owner: 'harbor', repo: 'booking', id: commentId }, 'And the ramp.'),
    parsed: { author: 'alice', body: 'And the ramp.', number: 5 },
  },
  addIssueLabels: {
    send: (client) => addLabels(client, closed, []),
    parsed: [{ id: count, name: 'bug' }],
  },
  replaceIssueLabels: {
    send: (client) => replaceLabels(client, closed, []),
    parsed: [],
  },
  createLabel: {
    async send(client) {
      const label = await createLabel(client, notes, {
        name: 'tide/low',
        color: '#0af',
        description: 'Only then',
        exclusive: true,
      })
      labelId = label.id
      return label
    },
    parsed: { id: count, name: 'tide/low', color: '00aaff', description: 'Only then', isExclusive: true },
  },
  updateLabel: {
    send: (client) =>
      updateLabel(client, notes, { id: labelId, name: 'tide/low', isArchived: true }, { name: 'tide/ebb' }),
    parsed: { name: 'tide/ebb', color: '00aaff', description: 'Only then', isExclusive: true, isArchived: true },
  },
  createMilestone: {
    send: (client) =>
      createMilestone(client, notes, { title: 'Autumn', description: 'Fog', dueOn: '2026-10-31T23:59:59Z' }),
    parsed: { id: count, title: 'Autumn', description: 'Fog', state: 'open', dueOn: '2026-10-31T23:59:59Z' },
  },
}
