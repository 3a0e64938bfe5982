import { expect, test } from 'vitest'
import { scan } from './scan-files.js'

const DIGEST = `sha256:${'0'.repeat(64)}`

test('Docker: images without a digest, and worse without a version; stages and arguments are understood', () => {
  const dockerfile = `ARG NODE=node:24-slim
FROM --platform=linux/amd64 \${NODE} AS build
RUN npm ci
FROM alpine
COPY --from=build /app /app
COPY --from=busybox:1.36 /bin/sh /bin/sh
FROM gcr.io/distroless/base@${DIGEST}
FROM scratch
FROM \${UNKNOWN}
`
  const { findings, lines } = scan({
    Dockerfile: dockerfile,
    'deploy/web.Dockerfile': 'FROM registry.example:5000/web\n',
  })

  expect(lines).toEqual([
    'unpinned-image Dockerfile:2 node:24-slim',
    'latest-image Dockerfile:4 alpine',
    'unpinned-image Dockerfile:6 busybox:1.36',
    'latest-image deploy/web.Dockerfile:1 registry.example:5000/web',
  ])
  expect(findings.map(({ severity }) => severity)).toEqual(['warning', 'error', 'warning', 'error'])
})

test('Compose: images of services that are not built here', () => {
  const compose = `services:
  web:
    build: .
    image: harbor/web:latest
  db:
    image: postgres:17
  cache:
    image: "redis:\${REDIS:-latest}"
`
  expect(scan({ 'docker-compose.yml': compose }).lines).toEqual([
    'unpinned-image docker-compose.yml:6 postgres:17',
    'latest-image docker-compose.yml:8 redis',
  ])
})

test('workflows of Gitea and GitHub: actions, called workflows and containers', () => {
  const workflow = `on: push
jobs:
  test:
    runs-on: ubuntu-latest
    container: node:24
    services:
      db: {image: postgres}
    steps:
      - uses: actions/checkout@v4
      - name: Node
        uses: https://gitea.com/actions/setup-node@${'b'.repeat(40)} # v4.1.0
      - uses: ./.gitea/actions/build
      - uses: docker://alpine:3.20
      - run: echo "uses: not/this@v1"
  call:
    uses: harbor/infra/.gitea/workflows/deploy.yml@main
`
  expect(scan({ '.gitea/workflows/test.yml': workflow }).lines).toEqual([
    'unpinned-action .gitea/workflows/test.yml:9 actions/checkout',
    'unpinned-image .gitea/workflows/test.yml:13 alpine:3.20',
    'unpinned-image .gitea/workflows/test.yml:5 node:24',
    'latest-image .gitea/workflows/test.yml postgres',
    'unpinned-action .gitea/workflows/test.yml:16 harbor/infra/.gitea/workflows/deploy.yml',
  ])
  expect(scan({ '.github/workflows/a.yaml': workflow }).lines).toHaveLength(5)
  expect(scan({ 'docs/workflows/a.yaml': workflow }).lines).toEqual([])
})
