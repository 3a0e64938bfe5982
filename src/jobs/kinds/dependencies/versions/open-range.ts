/** Whether a range of the semver family lets every later version in: `*`, `latest`, `>=1.2`, nothing at all. */
export function isOpenRange(range: string): boolean {
  return range
    .replace(/([<>=~^!]+)\s+/g, '$1')
    .split(/\|\|?/)
    .some((part) => isOpenPart(part.trim()))
}

function isOpenPart(part: string): boolean {
  if (part === '' || /^[xX*](?:\.[xX*])*$/.test(part) || /^(?:latest|next)$/i.test(part)) return true
  if (/^[\w.+-]+\s+-\s+[\w.+-]+$/.test(part)) return false
  const signs = part.split(/[\s,]+/)
  return signs.some((sign) => /^>/.test(sign)) && !signs.some((sign) => /^(?:<|=|~|\^|\d)/.test(sign))
}
