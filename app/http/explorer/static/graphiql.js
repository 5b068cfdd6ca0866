// The page of GraphiQL: hands it the examples, sends its requests with the token, and keeps the token out of storage.
import { DemoTokens, madeForDemo } from "./demo_tokens.js";
import { examplesAfterSignIn } from "./sign_in.js";
import { readExamples } from "./examples.js";
import { rememberedToken, rememberToken, storage } from "./storage.js";
import { examplesPlugin } from "./panel.js";
import { linkedRequest, offerCopies } from "./copying.js";

const endpoint = location.pathname;
const part = (id) => document.getElementById(id);
const token = part("token"), remember = part("remember");
const defaultQuery = "# A new operation: Ctrl-Space completes, Ctrl-Enter runs.\n\n";
const page = document.documentElement.dataset;
const root = ReactDOM.createRoot(part("graphiql"));
const linked = linkedRequest();
let activeTab = null, shown = { query: "" };

// The content policy allows the style elements of GraphiQL by this nonce.
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

function keepToken() {
  if (remember.checked) rememberToken(token.value.trim());
}

/** An example says in a comment which token it is written for. */
function followExample(document) {
  const meant = document?.match(/^# As (.*)$/m)?.[1], name = document?.match(/^(?:query|mutation) (\w+)/m)?.[1];
  if (meant) demo.follow(name, meant);
}

function tabsChanged({ tabs, activeTabIndex }) {
  const { id, query, variables, operationName } = tabs[activeTabIndex];
  shown = { query, variables, operationName };
  if (id !== activeTab) followExample(query);
  activeTab = id;
}

/** The request of the active tab, to be copied. Throws an error that can be shown. */
function request() {
  const { variables, ...others } = shown;
  return withoutStaleName(variables?.trim() ? { ...others, variables: JSON.parse(variables) } : others);
}

/** Beside the tokens, where GraphiQL itself has no place for it. */
function say(text) {
  part("token-note").replaceChildren(text);
}

token.value = rememberedToken();
remember.checked = token.value !== "";
remember.addEventListener("change", () => rememberToken(remember.checked ? token.value.trim() : ""));
const demo = new DemoTokens({ field: token, group: part("demo"), note: part("token-note") });
token.addEventListener("input", keepToken);
token.addEventListener("token", keepToken);
await demo.offer(post);
const sections = readExamples(await examplesAfterSignIn(endpoint, token));
const firstOfEach = sections.map(({ operations: [first] }) => ({ query: first.document, variables: first.variables }));
if (linked) firstOfEach.unshift(linked);
const plugins = [examplesPlugin(sections, defaultQuery, demo.areKnown ? "" : madeForDemo, followExample)];

const { createElement: h } = React;
const nothingYet = h(GraphiQL.Footer, null, "No answer yet. Press ▶ or Ctrl-Enter to run the operation.");

function render() {
  root.render(h(GraphiQL, {
    fetcher: makeFetcher(), storage, plugins, defaultQuery, defaultTabs: firstOfEach,
    query: linked?.query, variables: linked?.variables, shouldPersistHeaders: false, defaultEditorToolsVisibility: "variables",
    onTabChange: tabsChanged, onSchemaChange: () => { page.schema = "known"; },
  }, h(GraphiQL.Logo, null, " "), nothingYet));
}

/** Do something with an element as soon as GraphiQL has rendered it. */
function whenRendered(selector, use) {
  const found = document.querySelector(selector);
  if (found) use(found);
  else requestAnimationFrame(() => whenRendered(selector, use));
}

/** Lines may be longer than a narrow window. */
function wrapLines(editor) {
  editor.CodeMirror.setOption("lineWrapping", true);
}

function keepActiveTabInView(tabs) {
  const scroll = () => tabs.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  const changes = { subtree: true, childList: true, characterData: true, attributeFilter: ["aria-selected"] };
  new MutationObserver(scroll).observe(tabs, changes);
}

/** GraphiQL knows this key with ⌘ only, and only while the documentation is shown. */
function searchOnCtrlK(event) {
  const isMac = navigator.platform.startsWith("Mac");
  if (event.key !== "k" || event.altKey || event.shiftKey || event.metaKey !== isMac || event.ctrlKey === isMac) return;
  event.preventDefault();
  event.stopPropagation();
  document.querySelector('button[aria-label="Show Documentation Explorer"]')?.click();
  whenRendered(".graphiql-doc-explorer", focusSearch);
}

/** A field is shown without the search: go back to where it is, step by step. */
function focusSearch(documentation) {
  const search = documentation.querySelector("input"), back = documentation.querySelector(".graphiql-doc-explorer-back");
  search?.focus();
  if (search || !back) return;
  back.click();
  requestAnimationFrame(() => focusSearch(documentation));
}

// Where the schema is for callers with a token only, it is asked for anew with this one.
token.addEventListener("change", () => { if (page.schema !== "known") render(); });
addEventListener("keydown", searchOnCtrlK, { capture: true });
addEventListener("hashchange", () => { if (linkedRequest()) location.reload(); });
offerCopies(part("copies"), request, say);
const isFirstVisit = storage.getItem("graphiql:tabState") === null;
// GraphiQL takes the variables of the first tab from the storage only.
if (isFirstVisit) storage.setItem("graphiql:variables", firstOfEach[0].variables);
render();
whenRendered(".graphiql-tabs", keepActiveTabInView);
whenRendered(".graphiql-query-editor .CodeMirror", wrapLines);
whenRendered(".graphiql-editor-tool .CodeMirror", wrapLines);
// Beside them a phone has no room for the editor.
if (isFirstVisit && innerWidth >= 800) whenRendered('button[aria-label="Show Examples"]', (button) => button.click());
page.ready = "true";
