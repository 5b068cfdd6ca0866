// The door: where the server is open to callers with a token only, the page waits for one that is good.
const part = (id) => document.getElementById(id);

/** The text of the examples, as soon as the server gives it; nothing else is asked before. */
export function examplesBehind(endpoint, token) {
  const door = part("door"), said = part("door-said");
  const isLocked = document.body.dataset.openTo === "callers";
  let asking = null;

  return new Promise((opened) => {
    /** Try what stands in the field now; an answer to what stood there before no longer counts. */
    async function knock() {
      const given = token.value.trim();
      if (asking === given || door.dataset.opened) return;
      asking = given;
      said.textContent = "";
      const { text, refusal } = await answerTo(given);
      if (asking !== given) return;
      asking = null;
      if (text !== undefined) {
        door.dataset.opened = "true";
        door.hidden = true;
        opened(text);
        return;
      }
      door.hidden = false;
      said.textContent = refusal;
      token.focus();
    }

    async function answerTo(given) {
      if (isLocked && !given) return { refusal: door.hidden ? "" : "The field is empty." };
      const stranger = isLocked && given.match(/[^!-~]/u);
      if (stranger) return { refusal: `No token has the character “${stranger[0]}”: copy yours once more, all of it.` };
      try {
        const headers = isLocked ? { Authorization: `Bearer ${given}` } : {};
        return await answerOf(await fetch(`${endpoint}/static/examples.graphql`, { headers, credentials: "omit" }));
      } catch (error) {
        return { refusal: `The server can't be reached: ${error.message}. Try again.` };
      }
    }

    token.addEventListener("input", () => takeOutBearer(token));
    token.addEventListener("change", knock);
    token.addEventListener("keydown", (event) => { if (event.key === "Enter") knock(); });
    part("door-open").addEventListener("click", knock);
    takeOutBearer(token);
    knock();
  });
}

/** What an answer brought: the examples, or why not, in words. Proxies have pages of their own, with any status. */
async function answerOf(response) {
  const text = await response.text();
  if (response.ok && response.headers.get("Content-Type")?.startsWith("application/graphql")) return { text };
  try {
    return { refusal: JSON.parse(text).errors[0].message };
  } catch {
    return { refusal: `Something before the server answered in its place, with ${response.status}. Try again.` };
  }
}

/** A header that was copied as a whole has the scheme before the token. */
function takeOutBearer(token) {
  const bare = token.value.replace(/^\s*Bearer\s+/i, "");
  if (bare === token.value) return;
  token.value = bare;
  token.dispatchEvent(new Event("input"));
}
