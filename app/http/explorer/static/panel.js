// The panel of examples: a plugin of GraphiQL that opens each example in a tab.
import { matching } from "./examples.js";

const { createElement: h, useEffect, useState } = React;

const icon = () => h(
  "svg", { viewBox: "3 3 18 18", fill: "none", stroke: "currentColor", strokeWidth: 1.5, "aria-hidden": true },
  h("path", { d: "M5 4.5h14v15H5zM8.5 9h7M8.5 12.5h7M8.5 16h4" }),
);

/** The plugin; `remark` is a sentence on all examples, or empty; `opened` is called with each document that is opened. */
export function examplesPlugin(sections, defaultQuery, remark, opened) {
  return { title: "Examples", icon, content: () => h(Panel, { sections, defaultQuery, remark, opened }) };
}

function Panel({ sections, defaultQuery, remark, opened }) {
  const editor = GraphiQL.React.useEditorContext({ nonNull: true });
  const execution = GraphiQL.React.useExecutionContext({ nonNull: true });
  const [next, setNext] = useState(null), [filter, setFilter] = useState("");

  // A new tab exists after the next render, and the editors as soon as they are loaded.
  useEffect(() => {
    if (!next || !editor.queryEditor || !editor.variableEditor) return;
    editor.queryEditor.setValue(next.document);
    editor.variableEditor.setValue(next.variables);
    editor.responseEditor?.setValue("");
    // GraphiQL hears of what the editors hold a moment later: until then the tab would be that of the last example.
    editor.updateActiveTabValues({
      query: next.document, variables: next.variables, operationName: next.name, response: null,
    });
    editor.queryEditor.focus();
    setNext(null);
  }, [next, editor.queryEditor, editor.variableEditor]);

  /** Whether the active tab holds only what the page put there. */
  const isUntouched = () => {
    const query = editor.queryEditor?.getValue(), variables = editor.variableEditor?.getValue();
    if (editor.headerEditor?.getValue()) return false;
    return [{ document: defaultQuery, variables: "" }, ...sections.flatMap(({ operations }) => operations)]
      .some((operation) => operation.document === query && operation.variables === variables);
  };

  const open = (operation) => {
    // What is still running would show its answer beside this operation.
    execution.stop();
    const already = editor.tabs.findIndex((tab) => tab.query === operation.document);
    if (already >= 0) {
      editor.changeTab(already);
      editor.queryEditor?.focus();
    } else {
      if (!isUntouched()) editor.addTab();
      setNext(operation);
    }
    opened(operation.document);
  };

  const shown = matching(sections, filter);
  const openFirst = (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || shown.length === 0) return;
    // The editor, which is focused now, would take it for a new line.
    event.preventDefault();
    open(shown[0].operations[0]);
  };
  return h("section", { className: "examples", "aria-label": "Examples" },
    h("h2", null, "Examples"),
    remark && h("p", null, remark),
    h("input", {
      type: "search", placeholder: "Filter examples", "aria-label": "Filter examples", value: filter,
      autoComplete: "off", spellCheck: false, onChange: (event) => setFilter(event.target.value),
      onKeyDown: openFirst,
    }),
    shown.length === 0 && h("p", { role: "status" }, "No example matches."),
    shown.map(({ section, operations }) => h("div", { key: section },
      h("h3", null, section),
      h("ul", null, operations.map((operation) => h("li", { key: operation.name },
        h("button", { type: "button", onClick: () => open(operation) }, operation.name, h("span", null, operation.title)),
      ))),
    )),
  );
}
