// What the browser stores: tabs and settings of GraphiQL, never its headers; the token only if the user asks for it.
const tokenKey = "flowport:token";
const ownPrefix = "graphiql:";
const withHeadersInside = ["graphiql:tabState", "graphiql:queries", "graphiql:favorites"];

/** Sizes of the panes until the user drags them: room for the longest line of the examples in a window of 1280 px. */
const defaults = { "graphiql:docExplorerFlex": "0.2", "graphiql:editorFlex": "1.6" };

/** The token that was to be remembered, or an empty text. */
export function rememberedToken() {
  return localStorage.getItem(tokenKey) ?? "";
}

export function rememberToken(token) {
  if (token) localStorage.setItem(tokenKey, token);
  else localStorage.removeItem(tokenKey);
}

function ownKeys() {
  return Object.keys(localStorage).filter((key) => key.startsWith(ownPrefix));
}

/** Tabs and past operations, with null for their headers. */
function withoutHeaders(text) {
  return JSON.stringify(JSON.parse(text, (name, value) => (name === "headers" ? null : value)));
}

/** For GraphiQL, which keeps headers whatever it is told: version 4 in its history, others as such. */
export const storage = {
  getItem: (key) => localStorage.getItem(key) ?? defaults[key] ?? null,
  setItem(key, value) {
    if (key === "graphiql:headers") return;
    localStorage.setItem(key, withHeadersInside.includes(key) ? withoutHeaders(value) : value);
  },
  removeItem: (key) => localStorage.removeItem(key),
  clear: () => ownKeys().forEach((key) => localStorage.removeItem(key)),
  get length() { return ownKeys().length; },
};
