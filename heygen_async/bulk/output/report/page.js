"use strict";
// Everything that comes from a row is set as text or as an attribute's value, never as markup.
(() => {
  const PAGE = 24;
  const LONG = 260; // characters of a script that are shown at once
  const WORDS = {
    completed: "Completed",
    failed: "Failed",
    unknown: "Undecided",
    submitted: "Rendering",
    intended: "Sent",
    planned: "Not yet sent",
  };
  const byId = (id) => document.getElementById(id);
  const { columns, rows } = JSON.parse(byId("rows").textContent);
  const search = byId("search");
  const state = byId("state");
  const cards = byId("cards");
  let code = null;
  let found = rows;
  let page = 0;

  const make = (name, settings = {}, ...inside) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(settings)) {
      if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...inside.filter((part) => part !== null && part !== undefined));
    return made;
  };

  const duration = (seconds) => {
    const whole = Math.round(seconds);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  };

  // The text of a row as the search sees it, put together when it is first needed.
  const haystacks = new Map();
  const haystack = (row) => {
    let text = haystacks.get(row.id);
    if (text === undefined) {
      const cells = (row.cells || []).map((cell) => cell[1]);
      text = [row.title, row.script, row.prompt, row.video, row.session, row.code, row.error, ...cells]
        .join("\n")
        .toLowerCase();
      haystacks.set(row.id, text);
    }
    return text;
  };

  const video = (row) => {
    const tall = row.tall ? " tall" : "";
    if (!row.file) {
      const words = row.missing ? "The file is not there any more" : row.elsewhere ? `On ${row.elsewhere}` : WORDS[row.state];
      const note = row.state === "completed" && !row.missing && !row.elsewhere ? "Ready at HeyGen" : words;
      return make("div", { class: `frame empty ${row.state}${tall}` }, make("span", {}, note));
    }
    const name = make("span", { dir: "auto" }, row.title);
    const cover = make("button", { type: "button", class: "cover", "aria-label": `Play the video: ${row.title}` }, name);
    const player = make("video", {
      controls: true,
      preload: "none",
      playsinline: true,
      inert: true, // covered: its controls are reached when it plays
      src: row.file,
      "aria-label": `Video: ${row.title}`,
    });
    const frame = make("div", { class: `frame${tall}` }, player, cover);
    cover.addEventListener("click", () => {
      player.inert = false;
      player.focus();
      player.play().then(
        () => cover.remove(),
        () => {
          name.textContent = "This file cannot be played here";
          cover.disabled = true;
        },
      );
    });
    return frame;
  };

  const words = (label, text) => {
    if (!text) return null;
    const body = make("p", { class: "words", dir: "auto" }, text);
    const box = make("div", { class: "script" }, make("h4", {}, label), body);
    if (text.length > LONG) {
      body.classList.add("short");
      const more = make("button", { type: "button", class: "plain", "aria-expanded": "false" }, "Show all of it");
      more.addEventListener("click", () => {
        const short = body.classList.toggle("short");
        more.textContent = short ? "Show all of it" : "Show less";
        more.setAttribute("aria-expanded", String(!short));
      });
      box.append(more);
    }
    return box;
  };

  const cells = (row) => {
    if (!row.cells) return null;
    const pairs = row.cells.map(([place, text]) =>
      make("div", {}, make("dt", { dir: "auto" }, columns[place]), make("dd", { dir: "auto" }, text)),
    );
    return make("dl", {}, ...pairs);
  };

  const links = (row) => {
    const parts = [];
    if (row.file) parts.push(make("a", { href: row.file }, "File"));
    if (row.link) {
      parts.push(make("a", { href: row.link, rel: "noopener noreferrer", target: "_blank" }, "Open at HeyGen"));
    }
    const id = row.video || row.session;
    if (id) parts.push(make("code", { title: row.video ? "Id of the video" : "Id of the session" }, id));
    return parts.length ? make("p", { class: "links" }, ...parts) : null;
  };

  const facts = (row) => {
    const told = [`Row ${row.id}`];
    if (row.seconds !== undefined) told.push(`${duration(row.seconds)} long`);
    if (row.took !== undefined && row.state === "completed") told.push(`rendered in ${duration(row.took)}`);
    const badge = make("span", { class: `badge ${row.state}` }, WORDS[row.state]);
    return make("p", { class: "facts" }, badge, make("span", {}, told.join(" · ")));
  };

  const card = (row) =>
    make(
      "article",
      { class: "card" },
      video(row),
      make(
        "div",
        { class: "told" },
        make("h3", { dir: "auto" }, row.title),
        facts(row),
        row.code || row.error
          ? make("p", { class: "error" }, make("code", {}, row.code || "no code"), " ", make("bdi", {}, row.error || ""))
          : null,
        words("Script", row.script),
        words("Prompt", row.prompt),
        cells(row),
        links(row),
      ),
    );

  const show = () => {
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    page = Math.min(Math.max(page, 0), pages - 1);
    const first = page * PAGE;
    const some = found.slice(first, first + PAGE);
    cards.replaceChildren(...some.map(card));
    const only = code === null ? "" : ` that failed with ${code || "no code"}`;
    byId("shown").textContent = found.length
      ? `Rows ${(first + 1).toLocaleString("en")} to ${(first + some.length).toLocaleString("en")} of ` +
        `${found.length.toLocaleString("en")}${only}`
      : `No row fits${only}.`;
    byId("place").textContent = `Page ${page + 1} of ${pages}`;
    byId("back").disabled = page === 0;
    byId("on").disabled = page === pages - 1;
  };

  const choose = () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = rows.filter(
      (row) =>
        (!state.value || row.state === state.value) &&
        (code === null || (row.state === "failed" && (row.code || "") === code)) &&
        wanted.every((word) => haystack(row).includes(word)),
    );
    page = 0;
    show();
  };

  const turn = (by) => {
    page += by;
    show();
    byId("videos").scrollIntoView();
    byId("videos").focus({ preventScroll: true });
  };

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(choose, 120);
  });
  state.addEventListener("change", () => {
    code = null;
    choose();
  });
  byId("back").addEventListener("click", () => turn(-1));
  byId("on").addEventListener("click", () => turn(1));
  for (const button of document.querySelectorAll("button[data-code]")) {
    button.addEventListener("click", () => {
      code = button.dataset.code;
      search.value = "";
      state.value = "failed";
      choose();
      byId("videos").scrollIntoView();
      byId("videos").focus({ preventScroll: true });
    });
  }
  document.documentElement.classList.add("scripted");
  choose(); // a browser that comes back to the page may have kept what was typed
})();
