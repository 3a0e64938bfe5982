/** The known names that `name` was most likely meant to be, best first, at most three. */
export function findNearMisses(name: string, known: readonly string[]): readonly string[] {
  const wanted = name.toLowerCase()
  const limit = Math.max(2, Math.floor(wanted.length / 3))
  return known
    .map((candidate) => ({ candidate, distance: measure(wanted, candidate.toLowerCase(), limit) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || a.candidate.localeCompare(b.candidate))
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** Levenshtein distance of names; anything beyond `limit` counts as too far. Swapped words (`issue_get`) are near. */
function measure(a: string, b: string, limit: number): number {
  if (a.split('_').sort().join('_') === b.split('_').sort().join('_')) {
    return 1
  }
  if (Math.abs(a.length - b.length) > limit) {
    return limit + 1
  }
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? limit + 1
}
