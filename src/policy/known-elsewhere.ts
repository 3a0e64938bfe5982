/**
 * Tools that policies written for the Python original may name and this version does not have. A rule about one is
 * accepted, so that such a policy loads as it is, and decides nothing: there is nothing to call. A tool that arrives
 * here finds its rules already in force.
 */
export const TOOLS_KNOWN_ELSEWHERE: readonly string[] = [
]
