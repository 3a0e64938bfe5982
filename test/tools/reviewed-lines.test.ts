import { expect, test } from 'vitest'
import { toVisibleDiff } from '../../src/tools/changed-files.js'
import { findPlaceFault } from '../../src/tools/reviewed-lines.js'

const text = `diff --git a/src/decks.ts b/src/decks.ts
--- a/src/decks.ts
+++ b/src/decks.ts
@@ -10,4 +10,5 @@ export const decks = [
   'car',
-  'van',
+  'van and bus',
+  'lorry',
   'foot',
 ]
@@ -40 +41,2 @@
-end
+end
+@@ -1,900 +1,900 @@ is text here
diff --git a/docs/old.md b/docs/new.md
similarity index 90%
rename from docs/old.md
rename to docs/new.md
--- a/docs/old.md
+++ b/docs/new.md
@@ -1 +1 @@
-old
+new
diff --git a/logo.png b/logo.png
Binary files a/logo.png and b/logo.png differ
`

const diff = toVisibleDiff({ text, truncated: false }, () => true)

test.each([
  ['src/decks.ts', 10, false],
  ['src/decks.ts', 14, false],
  ['src/decks.ts', 13, true],
  ['src/decks.ts', 42, false],
  ['src/decks.ts', 40, true],
  ['docs/new.md', 1, false],
  ['docs/new.md', 1, true],
])('%s line %i (old: %s) can be commented', (path, line, old) => {
  expect(findPlaceFault(diff, { path, line, old })).toBeUndefined()
})

test.each([
  ['src/decks.ts', 9, false, 'which has lines 10-14, 41-42 and, with old, lines before the change.'],
  ['src/decks.ts', 43, false, 'which has lines 10-14, 41-42'],
  ['src/decks.ts', 14, true, 'old line 14 is not in the diff, which has old lines 10-13, 40.'],
  ['docs/old.md', 1, true, 'docs/old.md was renamed: comment on docs/new.md.'],
  ['logo.png', 1, false, 'logo.png has no lines in the diff: it is binary.'],
  ['src/main.ts', 1, false, 'src/main.ts is not a file that this pull request changes.'],
])('%s line %i (old: %s) cannot, and it is said why', (path, line, old, reason) => {
  expect(findPlaceFault(diff, { path, line, old })).toContain(reason)
})

test('what lies behind the end of a diff that was cut is not called unchanged', () => {
  const cut = toVisibleDiff({ text, truncated: true }, () => true)

  expect(findPlaceFault(cut, { path: 'logo.png', line: 1, old: false })).toBe(
    'logo.png is not in the part of the diff that this server reads.',
  )
})
