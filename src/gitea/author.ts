/**
 * Who wrote something, for people and for author trust.
 *
 * What was migrated from elsewhere keeps the name of its author there. That name is free text and may be the login of
 * somebody here, so it is marked in a way that no login can be written.
 */
export function toAuthor(login: string | null | undefined, originalAuthor: string | null | undefined): string {
  return originalAuthor ? `${originalAuthor} (migrated)` : (login ?? '')
}
