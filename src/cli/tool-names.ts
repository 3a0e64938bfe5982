/** Every tool of this version and whether it changes anything, for commands that read the policy. */
export async function loadToolNames(): Promise<{ readonly name: string; readonly effect: 'read' | 'write' }[]> {
  // only here, because the tools bring half of the program with them
  const { catalog } = await import('../tools/catalog.gen.js')
  return catalog.map(({ name, effect }) => ({ name, effect: effect === 'read' ? 'read' : 'write' }))
}
