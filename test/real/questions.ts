/** What both Giteas are asked: every read operation with its odd inputs, as several people and with narrow tokens. */
import type { Question } from '../support/gitea-differential.js'
import { admin, alice, basic, bob, fixed, mallory, nobody, reads, token, write } from './callers.js'

const booking = '/api/v1/repos/harbor/booking'
const infra = '/api/v1/repos/harbor/infra'
const notes = '/api/v1/repos/alice/field-notes'
const scratch = '/api/v1/repos/alice/scratch'
const strange = 'with%20space/a%20%23%20strange%20%3F%20name%2B100%25.md'

const batch = encodeURIComponent(JSON.stringify({ files: ['README.md', 'nope', 'häfen'] }))

const anonymous = [
  ...reads(
    nobody,
    '/api/v1',
    `
    /version /settings/api /user /nope /repos/search /users/alice /orgs/harbor /user/repos /orgs/harbor/repos
    /orgs/harbor/members /orgs/harbor/teams /users/alice/repos /users/search?q=al /user/applications/oauth2`,
  ),
  ...reads(nobody, booking, `= /issues /collaborators /teams /nope`),
  ...reads(nobody, infra, `=`),
  ...reads(fixed(`token ${'0123456789'.repeat(4)}`), '/api/v1', `/version /nope /user`),
  ...reads(fixed('Bearer a.b.c'), '', `/api/v1/user /login/oauth/userinfo`),
  ...reads(basic('alice', 'wrong'), '/api/v1', `/user`),
  ...reads(basic('nobody', 'wrong'), '/api/v1', `/user`),
  ...reads(basic('mallory', 'mallory-passw0rd'), '/api/v1', `/user`),
]

const people = [alice, bob, mallory, admin].flatMap((caller) => [
  ...reads(
    caller,
    '/api/v1',
    `
    /user /user/repos /user/repos?limit=2 /user/orgs /user/teams /repos/search /repos/search?q=note&limit=1
    /orgs/harbor/repos?limit=1 /orgs/harbor/teams /users/bob /users/alice/orgs /users/alice/orgs/harbor/permissions`,
  ),
  ...reads(caller, booking, `= /branches /issues/1 /teams /pulls/6 /collaborators /assignees`),
  ...['alice', 'bob', 'mallory', 'nobody'].flatMap((login) =>
    [booking, infra, notes].flatMap((place) => reads(caller, place, `/collaborators/${login}/permission`)),
  ),
  ...reads(caller, infra, `= /contents /issues /teams /assignees`),
  ...reads(
    caller,
    notes,
    `= /assignees /collaborators /collaborators/bob /collaborators/mallory /collaborators/nobody`,
  ),
  ...reads(caller, scratch, `=`),
])

const code = [
  ...reads(
    alice,
    `${booking}/contents`,
    `
    = ?ref=main ?ref=nope /README.md /nope?ref=main /src /.git/config /scripts/start.sh
    /src/booking/cancel-rules.ts?ref=feature/refund-window`,
  ),
  ...reads(
    alice,
    `${booking}/contents-ext`,
    `
    = /. /README.md?includes=file_content /README.md?includes=x /src?includes=commit_metadata,commit_message
    /nope?ref=main /README.md?ref=nope`,
  ),
  ...reads(
    alice,
    `${booking}/git/trees/`,
    `
    main main?recursive=true main?recursive=true&per_page=100&page=2 main?recursive=true&per_page=100&page=99 nope
    main%3Asrc main:src/booking main%3Asrc%2Fbooking main%3Anope main%3AREADME.md main%3A%2Fsrc HEAD
    feature%2Frefund-window%3Asrc%2Fbooking feature/refund-window main?recursive=0`,
  ),
  ...reads(
    alice,
    `${booking}/git/`,
    `
    refs refs/heads refs/heads/main refs/heads/ma refs/heads/nope refs/pull blobs/1234567 blobs/${'0'.repeat(40)}
    commits/main commits/nope commits/main..x commits/main?stat=false&files=false&verification=false
    commits/main.diff commits/main.patch commits/nope.diff commits/feature%2Frefund-window.diff
    commits/feature/refund-window`,
  ),
  ...reads(
    alice,
    `${booking}/commits`,
    `
    = ?limit=3 ?limit=3&page=2 ?sha=nope ?path=src/booking&limit=2 ?path=nope
    ?path=docs/reviews&limit=2&page=2&stat=false ?since=2026-09-20T00:00:00Z&limit=2 ?until=2026-09-03T00:00:00Z
    ?since=yesterday ?not=main&sha=feature/refund-window ?limit=100&stat=false&files=false&verification=false
    ?page=99 ?sha=main~2&limit=1`,
  ),
  ...reads(
    alice,
    `${booking}/`,
    `
    branches?limit=1 branches/main branches/feature%2Frefund-window branches/nope tags tags/nope
    compare/main...feature/refund-window compare/main..main compare/nope...main compare/main~2...main languages
    topics licenses statuses/main commits/main/status commits/nope/status commits/main/statuses releases
    releases/latest releases/tags/x`,
  ),
  ...reads(
    alice,
    scratch,
    `
    /contents /contents/README.md /commits /git/trees/main /git/refs /git/refs/heads/main /branches /branches/main
    /raw/README.md /pulls /issues /compare/a...b /tags /languages /commits/main/status /contents-ext
    /git/commits/main`,
  ),
  ...reads(
    alice,
    `${notes}/contents`,
    `
    = /latest.md /photo.bin /${strange} /h%C3%A4fen /%E6%B8%AF%2F%E6%A8%AA%E6%B5%9C.md`,
  ),
  ...reads(
    alice,
    `${notes}/raw`,
    `
    /latest.md?ref=main /photo.bin?ref=main /${strange}?ref=main /README.md?ref=nope /README.md?ref=HEAD
    /README.md?ref=refs/heads/main /README.md /main/README.md /nope.md?ref=main /h%C3%A4fen?ref=main`,
  ),
  ...reads(
    alice,
    notes,
    `
    /media/README.md?ref=main /git/trees/main?recursive=1 /git/trees/main%3A%E6%B8%AF /contents/README.md/x
    /commits?path=${encodeURIComponent(decodeURIComponent(strange))} /contents-ext/latest.md?includes=file_content
    /file-contents?ref=main&body=${batch} /git/commits/main.diff`,
  ),
  { ...alice, path: `${notes}/raw/README.md?ref=main`, headers: { range: 'bytes=2-5' } },
]

const lists = [
  ...reads(
    alice,
    `${booking}/issues`,
    `
    = ?state=all ?state=closed ?state=bogus ?limit=2 ?limit=2&page=2 ?limit=0 ?limit=-1 ?limit=500 ?page=99
    ?type=pulls ?type=issues&state=all ?labels=bug ?labels=bug,feature ?labels=nope ?labels=feature,help%20wanted
    ?milestones=nope ?milestones=Winter%20timetable ?q=clocks ?created_by=bob ?created_by=nobody ?assigned_by=alice
    ?since=2100-01-01T00:00:00Z ?since=x ?before=2000-01-01T00:00:00Z`,
  ),
  ...reads(
    alice,
    `${booking}/issues/`,
    `
    1 6 99 x 1/comments 99/comments 6/comments 1/comments?limit=2&page=1 1/labels 99/labels comments?limit=2
    comments?limit=2&page=1 comments/9999`,
  ),
  ...reads(
    alice,
    `${booking}/`,
    `
    labels labels?limit=1 labels?limit=1&page=1 labels/9999 labels/bug milestones milestones?state=open&limit=1
    milestones/9999 milestones/Winter%20timetable`,
  ),
  ...reads(
    alice,
    `${booking}/pulls`,
    `
    = ?state=all&limit=1 ?state=closed ?labels=x ?poster=nobody ?poster=alice`,
  ),
  ...reads(
    alice,
    `${booking}/pulls/`,
    `
    6 1 99 6.diff 6.patch 99.diff 6/files 6/files?limit=1&page=2 6/commits 6/reviews 6/merge
    main/feature%2Frefund-window main/nope`,
  ),
  ...reads(
    alice,
    '/api/v1/repos/',
    `
    HARBOR/Booking nobody/x alice/nope search?sort=bogus search?sort=alpha&order=bogus search?sort=alpha&order=desc
    search?private=false search?is_private=true search?limit=1&page=2`,
  ),
  ...reads(
    alice,
    '/api/v1/repos/issues/search',
    `
    = ?limit=1 ?labels=nope ?labels=bug,feature ?owner=nobody ?q=ticket ?owner=harbor&state=all ?created=true
    ?team=x`,
  ),
  ...reads(
    alice,
    '/api/v1/',
    `
    orgs orgs/nope orgs/alice orgs/harbor/labels orgs/harbor/members users/nobody users/harbor/repos
    users/nobody/repos repositories/1 repositories/999 teams/2 teams/1 teams/2/members teams/2/repos
    teams/2/members/bob teams/99 users/alice/tokens`,
  ),
  ...reads(mallory, '/api/v1', `/teams/2`),
]

const narrow = [
  token('alice', 'read:user'),
  token('alice', 'read:repository'),
  token('alice', 'read:issue'),
  token('alice', 'read:organization'),
  token('alice', 'write:issue'),
  token('alice', 'public-only', 'read:repository', 'read:issue', 'read:user', 'read:organization'),
].flatMap((caller) => [
  ...reads(
    caller,
    '/api/v1',
    `
    /version /user /user/repos /user/orgs /repos/search?limit=1 /users/bob /orgs /orgs/harbor/repos?limit=1
    /repos/issues/search?limit=1 /teams/2 /user/applications/oauth2`,
  ),
  ...reads(caller, booking, `= /issues?limit=1 /labels /milestones /pulls?limit=1 /git/refs/heads/main`),
  ...reads(caller, infra, `= /issues`),
])

const sudo = ['alice', 'ALICE', 'mallory', 'nobody', 'harbor'].flatMap((login) =>
  reads(admin, '/api/v1', '/user /repos/harbor/infra /user/repos').map((question) => ({
    ...question,
    headers: { sudo: login },
  })),
)

const writes = [
  write(nobody, 'POST', `${booking}/issues`, { title: 'x' }),
  write(alice, 'POST', `${booking}/issues`, {
    title: 'new',
    body: '<&>',
    labels: [1],
    assignees: ['bob'],
    milestone: 1,
  }),
  write(mallory, 'POST', `${booking}/issues`, { title: 'by mallory', labels: [1], assignees: ['bob'], milestone: 1 }),
  write(alice, 'POST', `${booking}/issues`, { title: 'x', assignees: ['nobody'] }),
  write(alice, 'POST', `${booking}/issues`, { title: 'closed', closed: true }),
  write(alice, 'POST', `${booking}/issues`, [1]),
  write(alice, 'POST', `${booking}/issues`),
  write(mallory, 'PATCH', `${booking}/issues/4`, { title: 'edited by poster', milestone: 1 }),
  write(alice, 'PATCH', `${booking}/issues/2`, { state: 'closed', due_date: '2026-12-02T00:00:00Z' }),
  write(alice, 'PATCH', `${booking}/issues/2`, { unset_due_date: true, state: 'open', assignees: [] }),
  write(alice, 'PATCH', `${booking}/issues/2`, { assignees: ['nobody'] }),
  write(admin, 'POST', `${booking}/issues/99/comments`, { body: 'x' }),
  write(mallory, 'POST', `${booking}/issues/2/comments`, { body: 'from outside' }),
  write(alice, 'PUT', `${booking}/issues/2/labels`, { labels: [2, 3] }),
  write(alice, 'DELETE', `${booking}/issues/2/labels/2`),
  write(alice, 'DELETE', `${booking}/issues/2/labels/999`),
  write(mallory, 'DELETE', `${booking}/issues/2/labels/3`),
  write(alice, 'POST', `${booking}/issues/2/labels`, { labels: [true] }),
  write(alice, 'POST', '/api/v1/user/applications/oauth2', { name: 'y', redirect_uris: [] }),
  write(basic('alice', 'alice-passw0rd'), 'POST', '/api/v1/users/alice/tokens', { name: 'n', scopes: ['read:user'] }),
  write(basic('alice', 'alice-passw0rd'), 'POST', '/api/v1/users/alice/tokens', { name: 'n', scopes: ['all'] }),
  write(basic('alice', 'alice-passw0rd'), 'POST', '/api/v1/users/alice/tokens', { name: 'm', scopes: ['bogus'] }),
  write(basic('mallory', 'mallory-passw0rd'), 'POST', '/api/v1/users/alice/tokens', { name: 'k', scopes: ['all'] }),
  write(nobody, 'POST', '/login/oauth/introspect', { token: 'x' }),
  write(fixed('Bearer zzz'), 'POST', '/login/oauth/access_token', { grant_type: 'refresh_token' }),
]

const web = [
  ...reads(
    nobody,
    '',
    `
    /.well-known/openid-configuration /.well-known/oauth-authorization-server /login/oauth/userinfo
    /login/oauth/nope /login/oauth/access_token`,
  ),
  ...reads(alice, '', `/login/oauth/userinfo`),
]

/** In order: the writes come last because they change what the reads see. */
export const questions: readonly Question[] = [
  ...anonymous,
  ...people,
  ...code,
  ...lists,
  ...narrow,
  ...sudo,
  ...web,
  ...writes,
]
