import { describe, expect, test } from 'vitest'
import { listUsed, scan } from './scan-files.js'

describe('PyPI', () => {
  test('requirements.txt: what is not pinned, twice or from elsewhere', () => {
    const text = `# web
Flask==3.0.1 \\
    --hash=sha256:aa
requests>=2.31
urllib3>=2,<3 ; python_version >= "3.9"
urllib3<2 ; python_version < "3.9"
flask ~= 3.0   # again
uvicorn[standard]
-r more.txt
git+https://gitea.example/harbor/clock.git#egg=clock
tides @ git+https://gitea.example/harbor/tides@${'a'.repeat(40)}
`
    expect(scan({ 'requirements.txt': text }).lines).toEqual([
      'unpinned-source requirements.txt:10 clock',
      'duplicate-entry requirements.txt:7 flask',
      'floating-range requirements.txt:4 requests',
      'floating-range requirements.txt:8 uvicorn',
    ])
    expect(listUsed({ 'requirements/base.txt': text })).toEqual(['Flask 3.0.1'])
  })

  test('pyproject.toml with poetry.lock', () => {
    const manifest = `[tool.poetry]
name = "ferry"

[tool.poetry.dependencies]
python = "^3.12"
Flask = "^3.0"
requests = { version = ">=2.31", extras = ["socks"] }
tides = { git = "https://gitea.example/harbor/tides" }

[tool.poetry.group.dev.dependencies]
pytest = "~8.1"
`
    const lock =
      '[[package]]\nname = "flask"\nversion = "3.1.0"\n\n[[package]]\nname = "requests"\nversion = "2.32.0"\n\n[[package]]\nname = "pytest"\nversion = "8.2.0"\n'

    expect(scan({ 'pyproject.toml': manifest }).lines).toContain('missing-lockfile pyproject.toml pyproject.toml')
    expect(scan({ 'pyproject.toml': manifest, 'poetry.lock': lock }).lines).toEqual([
      'unpinned-source pyproject.toml:8 tides',
      'missing-licence pyproject.toml license',
      'floating-range pyproject.toml:7 requests',
      'lockfile-outside-range pyproject.toml:11 pytest',
    ])
  })

  test('pyproject.toml by the standards with uv.lock, names in any spelling', () => {
    const manifest = `[project]
name = "ferry"
license = "MIT"
dependencies = [
  "Typing_Extensions>=4,<5",
  "httpx==0.27.*",
]

[dependency-groups]
dev = ["ruff==0.4.1"]

[tool.uv]
`
    const lock =
      'version = 1\n\n[[package]]\nname = "typing-extensions"\nversion = "4.12.2"\n\n[[package]]\nname = "httpx"\nversion = "0.28.0"\n'

    expect(scan({ 'pyproject.toml': manifest, 'uv.lock': lock }).lines).toEqual([
      'lockfile-outside-range pyproject.toml:6 httpx',
      'lockfile-missing-entry pyproject.toml ruff',
    ])
  })

  test('Pipfile with its lock', () => {
    const lock = JSON.stringify({ _meta: {}, default: { flask: { version: '==3.0.1' } }, develop: {} })

    expect(scan({ Pipfile: '[packages]\nflask = "==3.0.2"\nrich = "*"\n', 'Pipfile.lock': lock }).lines).toEqual([
      'floating-range Pipfile:3 rich',
      'lockfile-outside-range Pipfile:2 flask',
      'lockfile-missing-entry Pipfile:3 rich',
    ])
  })
})
