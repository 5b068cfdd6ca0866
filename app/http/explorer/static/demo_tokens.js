// The tokens of the demo world, which everybody knows.

/** What is said of the examples where none of them is known. */
export const madeForDemo = "The examples are made for the demo world, whose tokens aren't known here: put ids of your own in the place of theirs.";

export const demoTokens = ["demo-integrator", "demo-admin", "demo-guest", "demo-outsider"];

/** Those that this server knows; only servers on loopback can, so that no other is asked. */
export async function demoTokensOf(post) {
  if (!["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)) return [];
  try {
    const response = await post({ query: "{ __typename }" }, demoTokens[0]);
    return response.ok ? demoTokens : [];
  } catch {
    // A server that can't be reached just now says so where something is asked of it.
    return [];
  }
}
