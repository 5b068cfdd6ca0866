// The door: where the server is open to callers with a token only, the page waits for one that is good.
const part = (id) => document.getElementById(id);

/** The text of the examples, as soon as the server gives it; nothing else is asked before. */
export async function examplesBehind(endpoint, token) {
  const door = part("door"), said = part("door-said");
  const isLocked = document.body.dataset.openTo === "callers";
  while (true) {
    const given = token.value.trim();
    if (given || !isLocked) {
      const headers = given && isLocked ? { Authorization: `Bearer ${given}` } : {};
      const response = await fetch(`${endpoint}/static/examples.graphql`, { headers, credentials: "omit" });
      if (response.ok) {
        door.hidden = true;
        return response.text();
      }
      said.textContent = (await response.json()).errors[0].message;
    }
    door.hidden = false;
    token.focus();
    await new Promise((changed) => token.addEventListener("change", changed, { once: true }));
  }
}
