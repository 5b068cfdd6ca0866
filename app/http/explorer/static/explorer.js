// The page's own script: picks examples, asks, and shows the answer. Nothing is kept when the page is closed.
import { DemoTokens, madeForDemo } from "./demo_tokens.js";
import { examplesAfterSignIn } from "./sign_in.js";
import { matching, readExamples } from "./examples.js";
import { element, shownJson } from "./elements.js";
import { linkedRequest, offerCopies } from "./copying.js";
import { SchemaBrowser } from "./schema.js";

const endpoint = location.pathname;
const part = (id) => document.getElementById(id);
const query = part("query"), variables = part("variables"), token = part("token"), run = part("run");
const status = part("status"), result = part("result"), picker = part("example"), filter = part("filter");
const label = [...run.childNodes];
let asking = null;

const demo = new DemoTokens({ field: token, group: part("demo"), note: part("token-note") });
const browser = new SchemaBrowser({
  ask: (document) => post({ query: document }, token.value.trim()),
  search: part("search"), trail: part("trail"), place: part("schema"),
});

/** Send a request; the token is given along, for it is asked for in more than one name. */
function post(body, bearer, signal) {
  const headers = { "Content-Type": "application/json", Accept: "application/graphql-response+json" };
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  return fetch(endpoint, {
    method: "POST", headers, body: JSON.stringify(body), signal, credentials: "omit", cache: "no-store",
  });
}

/** What the editors hold as a request. Throws an error that can be shown. */
function request() {
  const body = { query: query.value };
  if (variables.value.trim()) {
    try {
      body.variables = JSON.parse(variables.value);
    } catch (error) {
      throw new Error(`The variables aren't valid JSON: ${error.message}`);
    }
  }
  const name = operationAtCaret();
  return name ? { ...body, operationName: name } : body;
}

/** Of several named operations the one in which the caret stands. */
function operationAtCaret() {
  const withoutNoise = query.value.replace(/#.*|"""[^]*?"""|"(?:\\.|[^"\\\n])*"/g, (noise) => " ".repeat(noise.length));
  const found = [...withoutNoise.matchAll(/\b(?:query|mutation)\s+([_A-Za-z]\w*)/g)];
  const before = found.filter((each) => each.index <= query.selectionStart);
  return found.length > 1 ? (before.at(-1) ?? found[0])[1] : null;
}

async function ask() {
  if (asking) {
    asking.abort();
    return;
  }
  let body;
  try {
    body = request();
  } catch (error) {
    fail(error.message);
    return;
  }
  asking = new AbortController();
  run.replaceChildren("Stop");
  say("…");
  const started = performance.now();
  try {
    const response = await post(body, token.value.trim(), asking.signal);
    const text = await response.text();
    const took = Math.round(performance.now() - started);
    show(text);
    const outcome = outcomeOf(text);
    const said = [response.status, `${took} ms`, outcome].filter(Boolean).join(" · ");
    say(said, !response.ok || outcome ? "bad" : "good");
  } catch (error) {
    fail(error.name === "AbortError" ? "Stopped." : `The server can't be reached: ${error.message}`);
  }
  asking = null;
  run.replaceChildren(...label);
}

function show(text) {
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    result.textContent = text;
    return;
  }
  result.replaceChildren(...shownJson(answer));
  result.scrollTop = 0;
}

/** Refusals are data and come with status 200; the status line says so. */
function outcomeOf(text) {
  try {
    const { data, errors } = JSON.parse(text);
    if (errors) return errors.length === 1 ? "1 error" : `${errors.length} errors`;
    return Object.values(data ?? {}).some((payload) => payload?.errors?.length) ? "refused" : "";
  } catch {
    return "";
  }
}

function say(text, kind = "") {
  status.textContent = text;
  status.className = `status ${kind}`;
}

/** There is no answer: the one to an earlier operation would be taken for it. */
function fail(text) {
  result.replaceChildren();
  say(text, "bad");
}

/** Offer the examples that match the filter, under a line that says what to do. */
function fillPicker(examples) {
  const shown = matching(examples, filter.value);
  const number = shown.flatMap(({ operations }) => operations).length;
  const hint = filter.value.trim() ? `Choose one of ${number} that match …` : "Choose an operation …";
  picker.replaceChildren(element("option", { value: "" }, number ? hint : "No example matches."));
  for (const { section, operations } of shown) {
    const group = element("optgroup", { label: section });
    for (const operation of operations) {
      const option = element("option", { value: operation.name, title: operation.title }, operation.name);
      option.operation = operation;
      group.append(option);
    }
    picker.append(group);
  }
}

function offerExamples(examples) {
  fillPicker(examples);
  picker.addEventListener("change", () => choose(picker.selectedOptions[0].operation));
  filter.addEventListener("input", () => fillPicker(examples));
  filter.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) chooseFirst(); });
  if (!showLinked() && !query.value) chooseFirst();
}

function chooseFirst() {
  if (picker.options.length === 1) return;
  picker.selectedIndex = 1;
  choose(picker.selectedOptions[0].operation);
}

function choose(operation) {
  if (!operation) return;
  query.value = operation.document;
  variables.value = operation.variables;
  query.scrollTop = 0;
  demo.follow(operation.name, operation.token);
  say("");
  result.replaceChildren();
}

/** Tab indents, as in any editor; after Escape it moves on, so that the keyboard isn't caught. */
function editWithTab(editor) {
  let leaving = false;
  editor.addEventListener("blur", () => { leaving = false; });
  editor.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leaving = true;
    else if (event.key === "Tab" && !leaving && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      if (event.shiftKey) outdent(editor);
      else insert(editor, "  ");
    } else if (event.key !== "Shift" && event.key !== "Tab") leaving = false;
  });
}

function outdent(editor) {
  const caret = editor.selectionStart, line = editor.value.lastIndexOf("\n", caret - 1) + 1;
  const blanks = editor.value.slice(line).match(/^ {0,2}/)[0].length;
  if (!blanks) return;
  editor.setSelectionRange(line, line + blanks);
  insert(editor, "");
  editor.setSelectionRange(Math.max(line, caret - blanks), Math.max(line, caret - blanks));
}

/** Insert where the caret is; this way the editor's own undo knows of it. */
function insert(editor, text) {
  if (!document.execCommand(text ? "insertText" : "delete", false, text)) editor.setRangeText(text);
}

/** Show the request that the address of the page has in its fragment; whether it has one. */
function showLinked() {
  const linked = linkedRequest();
  if (!linked) return false;
  query.value = linked.query;
  variables.value = linked.variables;
  say("");
  result.replaceChildren();
  return true;
}

[query, variables].forEach(editWithTab);
run.addEventListener("click", ask);
offerCopies(part("copies"), request, say);
addEventListener("hashchange", showLinked);
part("reload").addEventListener("click", () => browser.load());
addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    ask();
  } else if (event.key === "k" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    part("search").focus();
  }
});
await demo.offer(post);
if (!demo.areKnown) part("made-for").textContent = madeForDemo;
offerExamples(readExamples(await examplesAfterSignIn(endpoint, token)));
await browser.load();
document.documentElement.dataset.ready = "true";
