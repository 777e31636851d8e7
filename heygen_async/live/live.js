// The page follows its campaign; each press asks first, with its cost.
(() => {
  const { make, showTimes, update } = report;
  const toast = make("div", { class: "toast", role: "status" });
  const question = make("p", { id: "question" });
  const yes = make("button", { type: "button", class: "primary" }, "Yes");
  const no = make("button", { type: "button" }, "No");
  const buttons = make("p", { class: "presses" }, yes, no);
  const dialog = make("dialog", { "aria-labelledby": "question" }, question, buttons);
  document.body.append(dialog, toast);

  let hiding = 0;
  const tell = (text, stays = false) => {
    toast.textContent = text;
    clearTimeout(hiding);
    if (!stays) hiding = setTimeout(() => (toast.textContent = ""), 8000);
  };

  // Parts that were rendered anew take the places of those that differ; what has the focus keeps it.
  const parts = (root) => new Map([...root.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
  const sources = new Map([...parts(document)].map(([name, part]) => [name, part.outerHTML]));
  for (const name of sources.keys()) sources.set(name, null); // times were changed here
  const renewNow = async () => {
    const answer = await fetch("parts");
    if (!answer.ok) return;
    const made = parts(new DOMParser().parseFromString(await answer.text(), "text/html"));
    const focused = document.activeElement?.dataset?.key;
    const typed = document.getElementById("usd")?.value;
    const isTyping = document.activeElement?.id === "usd";
    const known = parts(document);
    let before = null;
    for (const [name, part] of made) {
      const source = part.outerHTML;
      const old = known.get(name);
      if (old === undefined) {
        if (before === null) document.querySelector("main").prepend(part);
        else before.after(part);
        before = part;
      } else if (sources.get(name) === source) {
        before = old;
      } else {
        old.replaceWith(part);
        before = part;
      }
      sources.set(name, source);
      if (before.closest("header")) before = null;
    }
    for (const [name, part] of known) {
      if (!made.has(name)) {
        part.remove();
        sources.delete(name);
      }
    }
    const field = document.getElementById("usd");
    if (field !== null && isTyping) field.value = typed;
    if (focused !== undefined && document.activeElement === document.body) {
      document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    }
    showTimes();
  };

  // One at a time, so that what is older never takes the place of what is newer.
  let renewing = Promise.resolve();
  const renew = () => {
    renewing = renewing.then(renewNow).catch(() => {}); // the stream of events tells of a lost connection
  };

  const wishOf = (button) => {
    const wish = { kind: button.dataset.wish };
    if (button.dataset.code !== undefined) wish.code = button.dataset.code;
    if (button.dataset.row !== undefined) wish.row = Number(button.dataset.row);
    if (wish.kind === "budget") wish.usd = Number(document.getElementById("usd").value);
    return wish;
  };

  const send = (place, wish) =>
    fetch(place, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wish) });

  const asked = async (wish) => {
    const answer = await send("question", wish);
    const { text } = await answer.json();
    if (!answer.ok) {
      tell(text);
      return false;
    }
    question.textContent = text;
    dialog.showModal();
    no.focus();
    return new Promise((resolve) => {
      const end = (value) => () => {
        dialog.close();
        resolve(value);
      };
      yes.onclick = end(true);
      no.onclick = end(false);
      dialog.oncancel = () => resolve(false);
    });
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-wish]");
    if (button === null) return;
    const key = button.dataset.key;
    try {
      const wish = wishOf(button);
      if (await asked(wish)) {
        const answer = await send("wishes", wish);
        tell((await answer.json()).text);
      }
    } catch {
      tell("The page cannot be reached any more, so nothing was done. Is its program still running?", true);
    }
    (document.querySelector(`[data-key="${CSS.escape(key)}"]`) || document.getElementById("control"))?.focus();
  });

  const events = new EventSource(`events?since=${document.body.dataset.at || 0}`);
  events.addEventListener("rows", (event) => update(JSON.parse(event.data)));
  events.addEventListener("parts", renew);
  events.addEventListener("end", () => {
    events.close();
    tell("This page follows its campaign no more: its program has ended. The campaign is as it was.", true);
  });
  events.addEventListener("error", () => tell("The connection is lost; the campaign goes on. Trying again ...", true));
  events.addEventListener("open", () => tell(""));
})();
