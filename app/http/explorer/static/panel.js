// The panel of examples: a plugin of GraphiQL that opens each example in a tab.
const { createElement: h, useEffect, useState } = React;

const icon = () => h(
  "svg", { viewBox: "3 3 18 18", fill: "none", stroke: "currentColor", strokeWidth: 1.5, "aria-hidden": true },
  h("path", { d: "M5 4.5h14v15H5zM8.5 9h7M8.5 12.5h7M8.5 16h4" }),
);

/** The plugin; `remark` is a sentence on all examples, or empty; `opened` is called with each document that is opened. */
export function examplesPlugin(sections, remark, opened) {
  return { title: "Examples", icon, content: () => h(Panel, { sections, remark, opened }) };
}

function Panel({ sections, remark, opened }) {
  const editor = GraphiQL.React.useEditorContext({ nonNull: true });
  const [next, setNext] = useState(null);

  // The new tab exists after the next render, and the editors as soon as they are loaded.
  useEffect(() => {
    if (!next || !editor.queryEditor || !editor.variableEditor) return;
    editor.queryEditor.setValue(next.document);
    editor.variableEditor.setValue(next.variables);
    editor.queryEditor.focus();
    setNext(null);
  }, [next, editor.queryEditor, editor.variableEditor]);

  const open = (operation) => {
    const already = editor.tabs.findIndex((tab) => tab.query === operation.document);
    if (already >= 0) {
      editor.changeTab(already);
    } else {
      editor.addTab();
      setNext(operation);
    }
    opened(operation.document);
  };

  return h("section", { className: "examples", "aria-label": "Examples" },
    h("h2", null, "Examples"),
    remark && h("p", null, remark),
    sections.map(({ section, operations }) => h("div", { key: section },
      h("h3", null, section),
      h("ul", null, operations.map((operation) => h("li", { key: operation.name },
        h("button", { type: "button", onClick: () => open(operation) }, operation.name, h("span", null, operation.title)),
      ))),
    )),
  );
}
