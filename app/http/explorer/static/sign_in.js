// Sign-in: where the server is open to callers with a token only, the page waits for a valid one.
const part = (id) => document.getElementById(id);

/** The text of a file of examples, as soon as the server serves it; the page requests nothing else before. */
export function examplesAfterSignIn(endpoint, token, file = "examples.graphql") {
  const form = part("sign-in"), status = part("sign-in-status");
  const needsToken = document.body.dataset.openTo === "callers";
  let checking = null;

  return new Promise((signedIn) => {
    /** Try the token in the field; the answer to an earlier one no longer counts. */
    async function trySignIn() {
      const given = token.value.trim();
      if (checking === given || form.dataset.done) return;
      checking = given;
      status.textContent = "";
      const { text, refusal } = await answerTo(given);
      if (checking !== given) return;
      checking = null;
      if (text !== undefined) {
        form.dataset.done = "true";
        form.hidden = true;
        signedIn(text);
        return;
      }
      form.hidden = false;
      status.textContent = refusal;
      token.focus();
    }

    async function answerTo(given) {
      if (needsToken && !given) return { refusal: form.hidden ? "" : "The field is empty." };
      const invalid = needsToken && given.match(/[^!-~]/u);
      if (invalid) return { refusal: `No token has the character “${invalid[0]}”: copy yours once more, all of it.` };
      try {
        const headers = needsToken ? { Authorization: `Bearer ${given}` } : {};
        return await answerOf(await fetch(`${endpoint}/static/${file}`, { headers, credentials: "omit" }));
      } catch (error) {
        return { refusal: `The server can't be reached: ${error.message}. Try again.` };
      }
    }

    token.addEventListener("input", () => removeScheme(token));
    token.addEventListener("change", trySignIn);
    token.addEventListener("keydown", (event) => { if (event.key === "Enter") trySignIn(); });
    part("sign-in-button").addEventListener("click", trySignIn);
    removeScheme(token);
    trySignIn();
  });
}

/** The examples in a response, or why there are none. Proxies answer with pages of their own, with any status. */
async function answerOf(response) {
  const text = await response.text();
  if (response.ok && response.headers.get("Content-Type")?.startsWith("application/graphql")) return { text };
  try {
    return { refusal: JSON.parse(text).errors[0].message };
  } catch {
    return { refusal: `A proxy before the server answered in its place, with status ${response.status}. Try again.` };
  }
}

/** A header that was copied as a whole has the scheme before the token. */
function removeScheme(token) {
  const bare = token.value.replace(/^\s*Bearer\s+/i, "");
  if (bare === token.value) return;
  token.value = bare;
  token.dispatchEvent(new Event("input"));
}
