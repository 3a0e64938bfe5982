/** Gitea's own form of a mention (modules/references/references.go, mentionPattern), logins in lower case. */
const MENTION = /(?:^|[\s([])@([0-9a-zA-Z_][0-9a-zA-Z_.-]*[0-9a-zA-Z_]|[0-9a-zA-Z_])(?=$|[\s)\]:,;.?!])/g

/** Code is not read for mentions, by Gitea neither. */
const CODE = /```[\s\S]*?(?:```|$)|`[^`\n]*`/g

/** Who a text mentions; each person once, in lower case. */
export function findMentions(text: string): ReadonlySet<string> {
  return new Set([...text.replaceAll(CODE, ' ').matchAll(MENTION)].map(([, login = '']) => login.toLowerCase()))
}
