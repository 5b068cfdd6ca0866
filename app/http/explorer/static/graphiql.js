// The page of GraphiQL: hands it the examples, sends its requests with the token, and keeps the token out of storage.
import { demoTokens, demoTokensOf, madeForDemo } from "./demo_tokens.js";
import { examplesAfterSignIn } from "./sign_in.js";
import { readExamples } from "./examples.js";
import { rememberedToken, rememberToken, storage } from "./storage.js";
import { examplesPlugin } from "./panel.js";

const endpoint = location.pathname;
const part = (id) => document.getElementById(id);
const token = part("token"), remember = part("remember"), demo = part("demo");
const defaultQuery = "# A new operation: Ctrl-Space completes, Ctrl-Enter runs.\n\n";
const page = document.documentElement.dataset;
const root = ReactDOM.createRoot(part("graphiql"));
let activeTab = null;

// Style elements that GraphiQL makes are allowed by this word.
globalThis.__webpack_nonce__ = part("style").nonce;

function post(body, bearer, more) {
  const headers = { "Content-Type": "application/json", Accept: "application/graphql-response+json" };
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  return fetch(endpoint, {
    method: "POST", headers: { ...headers, ...more }, body: JSON.stringify(body), credentials: "omit", cache: "no-store",
  });
}

/** GraphiQL is late with the name when tabs were changed a moment ago; what the document hasn't is left out. */
function withoutStaleName({ operationName, ...request }) {
  const isThere = operationName && new RegExp(`\\b(query|mutation)\\s+${operationName}\\b`).test(request.query);
  return isThere ? { ...request, operationName } : request;
}

/** What GraphiQL calls. Every answer of the server is JSON, refusals too. */
function makeFetcher() {
  return async (request, options) => {
    const response = await post(withoutStaleName(request), token.value.trim(), options?.headers);
    return response.json();
  };
}

function setToken(text) {
  token.value = text;
  tokenChanged();
}

function tokenChanged() {
  for (const button of demo.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.token === token.value));
  }
  if (remember.checked) rememberToken(token.value.trim());
}

/** The examples say whom they are meant for; a token of somebody's own is never exchanged for a demo token. */
function useTokenOf(document) {
  const meant = document?.match(/^# As (.*)$/m)?.[1];
  const isFree = token.value === "" || demoTokens.includes(token.value);
  if (!demo.hidden && isFree && demoTokens.includes(meant)) setToken(meant);
}

function tabsChanged({ tabs, activeTabIndex }) {
  const { id, query } = tabs[activeTabIndex];
  if (id !== activeTab) useTokenOf(query);
  activeTab = id;
}

function offerDemoTokens(tokens) {
  for (const each of tokens) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: each.replace("demo-", ""), title: `Use the token ${each}` });
    button.dataset.token = each;
    button.addEventListener("click", () => setToken(each));
    demo.append(button);
  }
  demo.hidden = tokens.length === 0;
  setToken(token.value || (tokens[0] ?? ""));
}

token.value = rememberedToken();
remember.checked = token.value !== "";
remember.addEventListener("change", () => rememberToken(remember.checked ? token.value.trim() : ""));
token.addEventListener("input", tokenChanged);
offerDemoTokens(await demoTokensOf(post));
const sections = readExamples(await examplesAfterSignIn(endpoint, token));
const firstOfEach = sections.map(({ operations: [first] }) => ({ query: first.document, variables: first.variables }));
const plugins = [examplesPlugin(sections, demo.hidden ? madeForDemo : "", (operation) => useTokenOf(operation.document))];

function render() {
  root.render(React.createElement(GraphiQL, {
    fetcher: makeFetcher(), storage, plugins, defaultQuery, defaultTabs: firstOfEach,
    shouldPersistHeaders: false, defaultEditorToolsVisibility: "variables",
    onTabChange: tabsChanged, onSchemaChange: () => { page.schema = "known"; },
  }, React.createElement(GraphiQL.Logo, null, " ")));
}

/** The panel opens by a click only, so on a first visit that is what it gets, once it is there. */
function openPanel() {
  const button = document.querySelector('button[aria-label="Show Examples"]');
  if (button) button.click();
  else requestAnimationFrame(openPanel);
}

// Where the schema is for callers with a token only, it is asked for anew with this one.
token.addEventListener("change", () => { if (page.schema !== "known") render(); });
const isFirstVisit = storage.getItem("graphiql:tabState") === null;
render();
if (isFirstVisit) openPanel();
page.ready = "true";
