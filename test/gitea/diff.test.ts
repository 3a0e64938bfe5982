import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDiff, pathsOf } from '../../src/gitea/diff.js'

test('reads files, what happened to them and how many lines changed', () => {
  const diff = `diff --git a/bin/data.bin b/bin/data.bin
index c866266..5663091 100644
Binary files a/bin/data.bin and b/bin/data.bin differ
diff --git a/empty file.txt b/empty file.txt
deleted file mode 100644
index e69de29..0000000
diff --git a/src/main.ts b/src/main.ts
index 6a1a78a..47d8dfa 100644
--- a/src/main.ts
+++ b/src/main.ts
@@ -1,3 +1,4 @@
-export function add(a: number, b: number) {
+export function add(a: number, b: number): number {
+  // sum
   return a + b
 }
diff --git a/src/new file.ts b/src/new file.ts
new file mode 100644
index 0000000..09b76aa
--- /dev/null
+++ b/src/new file.ts\t
@@ -0,0 +1 @@
+export const x = 1
diff --git a/crlf.txt b/src/renamed crlf.txt
similarity index 100%
rename from crlf.txt
rename to src/renamed crlf.txt
`

  expect(parseDiff(diff).map(({ hunks, ...file }) => ({ ...file, lines: hunks.length }))).toEqual([
    {
      path: 'bin/data.bin',
      oldPath: undefined,
      status: 'modified',
      additions: 0,
      deletions: 0,
      isBinary: true,
      lines: 0,
    },
    {
      path: 'empty file.txt',
      oldPath: undefined,
      status: 'deleted',
      additions: 0,
      deletions: 0,
      isBinary: false,
      lines: 0,
    },
    {
      path: 'src/main.ts',
      oldPath: undefined,
      status: 'modified',
      additions: 2,
      deletions: 1,
      isBinary: false,
      lines: 6,
    },
    {
      path: 'src/new file.ts',
      oldPath: undefined,
      status: 'added',
      additions: 1,
      deletions: 0,
      isBinary: false,
      lines: 2,
    },
    {
      path: 'src/renamed crlf.txt',
      oldPath: 'crlf.txt',
      status: 'renamed',
      additions: 0,
      deletions: 0,
      isBinary: false,
      lines: 0,
    },
  ])
})

test('reads quoted names, bytes as octal', () => {
  const [file] = parseDiff(
    'diff --git "a/caf\\303\\251 \\"x\\"\\t.md" "b/caf\\303\\251 \\"x\\"\\t.md"\nindex 1..2 100644\n' +
      '--- "a/caf\\303\\251 \\"x\\"\\t.md"\n+++ "b/caf\\303\\251 \\"x\\"\\t.md"\n@@ -1 +1 @@\n-a\n+b\n',
  )

  expect(file?.path).toBe('café "x"\t.md')
})

test('lines of a file that look like headers do not start another file', () => {
  const files = parseDiff(
    'diff --git a/secrets/key b/secrets/key\nindex 1..2 100644\n--- a/secrets/key\n+++ b/secrets/key\n@@ -1,2 +1,3 @@\n' +
      ' diff --git a/public b/public\n--- a/public\n+++ b/public\n+rename from public\n',
  )

  expect(files).toHaveLength(1)
  expect(files[0]).toMatchObject({ path: 'secrets/key', oldPath: undefined, additions: 2, deletions: 1 })
})

test.each([
  ['a combined diff of a merge', 'diff --cc secrets/key\nindex 1,2..3\n--- a/x\n@@@ -1 @@@\n++a\n'],
  ['a broken quote', 'diff --git "a/x b/x\nnew file mode 100644\n'],
  ['sides that do not match', 'diff --git a/x b/yy\nold mode 100644\nnew mode 100755\n'],
])('%s is a part of its own, without a name', (_what, part) => {
  const files = parseDiff(`diff --git a/ok b/ok\nold mode 100644\nnew mode 100755\n${part}`)

  expect(files).toHaveLength(2)
  expect(files[0]?.path).toBe('ok')
  expect(files[1]?.path).toBeUndefined()
  expect(files[1] && pathsOf(files[1])).toBeUndefined()
})

test('a renamed file is told about under both names', () => {
  const [file] = parseDiff(
    'diff --git a/a b/b\nsimilarity index 90%\nrename from a\nrename to b\n--- a/a\n+++ b/b\n@@ -1 +1 @@\n-x\n+y\n',
  )

  expect(file && pathsOf(file)).toEqual(['a', 'b'])
})

test('nothing is no files', () => {
  expect(parseDiff('')).toEqual([])
})

test('any name without quotes comes back as it was', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[^\p{Cc}"\\/]([^\p{Cc}"\\]*[^\p{Cc}"\\/])?$/u), (name) => {
      const [file] = parseDiff(`diff --git a/${name} b/${name}\nold mode 100644\nnew mode 100755\n`)
      expect(file?.path).toBe(name)
    }),
  )
})
