// The tokens of the demo world, which everybody knows, as buttons that fill in the token.

/** What the examples say where none of the tokens is known. */
export const madeForDemo = "The examples are made for the demo world, whose tokens aren't known here: replace its ids with your own.";

const DEMO_TOKENS = ["demo-integrator", "demo-admin", "demo-guest", "demo-outsider"];

/** Those that this server knows; only servers on loopback can, so no other is asked. */
async function knownTokens(post) {
  if (!["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)) return [];
  try {
    const response = await post({ query: "{ __typename }" }, DEMO_TOKENS[0]);
    return response.ok ? DEMO_TOKENS : [];
  } catch {
    // Whatever is requested next reports a server that can't be reached.
    return [];
  }
}

function button(text, title, onClick) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text, title });
  made.addEventListener("click", onClick);
  return made;
}

/** The token follows the examples until the user chooses one; after that it changes only when the user says so. */
export class DemoTokens {
  constructor({ field, group, note }) {
    Object.assign(this, { field, group, note, isChosen: field.value !== "" });
    field.addEventListener("input", () => this.choose(field.value));
  }

  get areKnown() {
    return !this.group.hidden;
  }

  async offer(post) {
    const tokens = await knownTokens(post);
    const buttons = tokens.map((token) => {
      const made = button(token.replace("demo-", ""), `Use the token ${token}`, () => this.choose(token));
      made.dataset.token = token;
      return made;
    });
    this.group.append(...buttons, button("Reset", "Put the demo world back to its first state", () => this.reset()));
    this.group.hidden = tokens.length === 0;
    this.set(this.field.value || (tokens[0] ?? ""));
  }

  /** Put the demo world back; whoever shows something of it hears of it. */
  async reset() {
    if (!confirm("Put the demo world back to its first state? Everything that was made in it is deleted.")) return;
    this.note.replaceChildren("Resetting …");
    try {
      const response = await fetch(`${location.pathname}/demo/reset`, {
        method: "POST", headers: { Authorization: `Bearer ${DEMO_TOKENS[0]}` }, credentials: "omit",
      });
      const said = response.ok ? "The demo world is as at its first start." : (await response.json()).errors[0].message;
      this.note.replaceChildren(said);
      if (response.ok) this.group.dispatchEvent(new Event("reset"));
    } catch (error) {
      this.note.replaceChildren(`The server can't be reached: ${error.message}`);
    }
  }

  choose(token) {
    this.isChosen = token !== "";
    this.note.replaceChildren();
    this.set(token);
  }

  set(token) {
    if (this.field.value !== token) {
      this.field.value = token;
      this.field.dispatchEvent(new Event("token"));
    }
    for (const each of this.group.querySelectorAll("button")) {
      each.setAttribute("aria-pressed", String(each.dataset.token === token));
    }
  }

  /** An example was opened that is written for a token: use that one, or ask where the user chose another. */
  follow(example, token) {
    if (!this.areKnown || !DEMO_TOKENS.includes(token)) return;
    // The panel that opens an example and GraphiQL that shows its tab both call this: the second call changes no note.
    if (this.field.value === token && this.followed === example) return;
    this.followed = example;
    if (this.field.value === token) {
      this.note.replaceChildren();
    } else if (this.isChosen) {
      const current = DEMO_TOKENS.includes(this.field.value) ? this.field.value : "yours";
      const change = button(`Use ${token}`, "Change the token", () => {
        this.choose(token);
        this.isChosen = false;
      });
      this.note.replaceChildren(`${example} is written for ${token}; the token is still ${current}.`, change);
    } else {
      this.set(token);
      this.note.replaceChildren(`The token is now ${token}: ${example} is written for it.`);
    }
  }
}
