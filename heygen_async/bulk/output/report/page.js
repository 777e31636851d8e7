"use strict";
// Everything that comes from a row is set as text or as an attribute's value, never as markup.
const report = (() => {
  const PAGE = { cards: 24, table: 200 };
  const LONG = 260; // characters of a script that are shown at once
  const WORDS = {
    completed: "Ready",
    failed: "Failed",
    unknown: "To be decided",
    submitted: "Being made",
    intended: "Sent",
    planned: "Not yet begun",
    dropped: "Not in the list any more",
  };
  const byId = (id) => document.getElementById(id);
  const { columns, rows } = JSON.parse(byId("rows").textContent);
  const search = byId("search");
  const state = byId("state");
  const cards = byId("cards");
  const list = byId("list");
  let view = "cards";
  let order = { key: "id", up: true };
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

  const moment = (date) => date.toLocaleString("en", { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
  const showTimes = () => {
    for (const time of document.querySelectorAll("time[datetime]")) {
      time.textContent = moment(new Date(time.dateTime));
    }
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

  const say = (text) => {
    byId("said").textContent = text;
  };

  const copy = async (text, button, done) => {
    const before = button.dataset.words || button.textContent;
    button.dataset.words = before;
    let words = done;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      words = "Not copied: the browser forbids it";
    }
    button.textContent = words;
    say(words);
    setTimeout(() => {
      button.textContent = before;
    }, 2500);
  };

  const video = (row) => {
    const tall = row.tall ? " tall" : "";
    if (row.file) {
      const settings = { controls: true, playsinline: true, preload: row.still ? "none" : "metadata", poster: row.still };
      // Without a still image, the browser shows the frame at this time.
      const src = row.still ? row.file : `${row.file}#t=0.5`;
      return make(
        "div",
        { class: `frame${tall}` },
        make("video", { ...settings, src, "aria-label": `Video for ${row.title}` }),
      );
    }
    if (row.still) return make("div", { class: `frame${tall}` }, make("img", { src: row.still, alt: "", loading: "lazy" }));
    const away = row.elsewhere ? `On ${row.elsewhere}` : WORDS[row.state];
    const words = row.missing ? "The file is not there any more" : away;
    const isReady = row.state === "completed" && !row.missing && !row.elsewhere;
    const note = isReady ? "Ready at HeyGen; not stored here" : words;
    return make("div", { class: `frame empty ${row.state}${tall}` }, make("span", {}, note));
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

  const copyLink = (row) => {
    if (!row.link || row.state !== "completed") return null;
    const settings = { type: "button", class: "plain", "aria-label": `Copy the link of the video for ${row.title}` };
    const button = make("button", settings, "Copy link");
    button.addEventListener("click", () => copy(row.link, button, "Copied"));
    return button;
  };

  const links = (row) => {
    const parts = [copyLink(row)];
    if (row.link) {
      parts.push(make("a", { href: row.link, rel: "noopener noreferrer", target: "_blank" }, "Open at HeyGen"));
    }
    if (row.file) parts.push(make("a", { href: row.file }, "File"));
    const id = row.video || row.session;
    if (id) parts.push(make("code", { title: row.video ? "Id of the video" : "Id of the session" }, id));
    return parts.some(Boolean) ? make("p", { class: "links" }, ...parts) : null;
  };

  const badge = (row) => make("span", { class: `badge ${row.state}` }, WORDS[row.state]);

  const facts = (row) => {
    const told = [`Row ${row.id}`];
    if (row.seconds !== undefined) told.push(`${duration(row.seconds)} long`);
    if (row.took >= 1 && row.state === "completed") told.push(`made in ${duration(row.took)}`);
    return make("p", { class: "facts" }, badge(row), make("span", {}, told.join(" · ")));
  };

  const error = (row) =>
    row.code || row.error
      ? make("p", { class: "error" }, make("bdi", {}, row.error || ""), " ", make("code", {}, row.code || "no code"))
      : null;

  const card = (row) =>
    make(
      "article",
      { class: "card", "data-row": row.id },
      video(row),
      make(
        "div",
        { class: "told" },
        make("h3", { dir: "auto" }, row.title),
        facts(row),
        error(row),
        words("Script", row.script),
        words("Prompt", row.prompt),
        cells(row),
        links(row),
      ),
    );

  // The table: on the screen, and on paper.
  const COLUMNS = [
    { key: "id", name: "Row", value: (row) => row.id, show: (row) => String(row.id), number: true },
    { key: "title", name: "Name", value: (row) => row.title.toLowerCase(), show: (row) => make("bdi", {}, row.title) },
    { key: "state", name: "State", value: (row) => WORDS[row.state], show: badge },
    {
      key: "seconds",
      name: "Length",
      value: (row) => row.seconds,
      show: (row) => (row.seconds === undefined ? "" : duration(row.seconds)),
      number: true,
    },
    {
      key: "usd",
      name: "USD",
      value: (row) => row.usd,
      show: (row) => (row.usd === undefined ? "" : row.usd.toFixed(2)),
      number: true,
    },
    {
      key: "ended",
      name: "Ended",
      value: (row) => row.ended,
      show: (row) => (row.ended === undefined ? "" : moment(new Date(row.ended * 1000))),
    },
    {
      key: "link",
      name: "Video, or what went wrong",
      value: (row) => row.error || row.link,
      show: (row) => error(row) || links({ ...row, video: null, session: null }) || "",
      print: (row) => error(row) || (row.state === "completed" && row.link) || "",
    },
  ];

  const compare = (one, other) => {
    const { value } = COLUMNS.find((column) => column.key === order.key);
    const [first, second] = [value(one), value(other)];
    if (first === second) return one.id - other.id;
    if (first === undefined) return 1; // rows without a value come last either way
    if (second === undefined) return -1;
    const less = typeof first === "string" ? first.localeCompare(second) < 0 : first < second;
    return less === order.up ? -1 : 1;
  };

  const heading = (column) => {
    const sorted = order.key === column.key;
    const button = make("button", { type: "button", class: "plain", "data-key": column.key }, column.name);
    button.addEventListener("click", () => {
      order = { key: column.key, up: sorted ? !order.up : true };
      choose();
      list.querySelector(`button[data-key="${column.key}"]`).focus();
    });
    const direction = order.up ? "ascending" : "descending";
    return make("th", { scope: "col", "aria-sort": sorted ? direction : undefined }, button);
  };

  const tableOf = (some, onPaper) => {
    const head = (column) => (onPaper ? make("th", { scope: "col" }, column.name) : heading(column));
    const cell = (column, row) => {
      const inside = (onPaper && column.print) || column.show;
      const settings = { class: column.number ? "number" : undefined, "data-label": column.name };
      return column.key === "title"
        ? make("th", { scope: "row", "data-label": column.name }, inside(row))
        : make("td", settings, inside(row));
    };
    return make(
      "table",
      { class: "rows" },
      make("thead", {}, make("tr", {}, ...COLUMNS.map(head))),
      make("tbody", {}, ...some.map((row) => make("tr", {}, ...COLUMNS.map((column) => cell(column, row))))),
    );
  };

  // Cards that are shown already stay as they are, so that a video that plays goes on.
  const shown = new Map();
  const place = (wanted) => {
    const kept = new Set(wanted);
    for (const old of [...cards.children]) if (!kept.has(old)) old.remove();
    wanted.forEach((element, at) => {
      if (cards.children[at] !== element) cards.insertBefore(element, cards.children[at] || null);
    });
  };

  const cardOf = (row) => {
    const known = shown.get(row.id);
    if (known !== undefined && known.row === row) return known.element;
    const element = card(row);
    shown.set(row.id, { row, element });
    return element;
  };

  const show = () => {
    const size = PAGE[view];
    const pages = Math.max(1, Math.ceil(found.length / size));
    page = Math.min(Math.max(page, 0), pages - 1);
    const first = page * size;
    const some = found.slice(first, first + size);
    cards.hidden = view !== "cards";
    list.hidden = view !== "table";
    if (view === "cards") place(some.map(cardOf));
    else list.replaceChildren(tableOf(some, false));
    const only = code === null ? "" : ` that failed with ${code || "no code"}`;
    byId("shown").textContent = found.length
      ? `${(first + 1).toLocaleString("en")} to ${(first + some.length).toLocaleString("en")} of ` +
        `${found.length.toLocaleString("en")} rows${only}`
      : `No row fits${only}.`;
    byId("place").textContent = `Page ${page + 1} of ${pages}`;
    byId("back").disabled = page === 0;
    byId("on").disabled = page === pages - 1;
    byId("back").parentElement.hidden = pages === 1;
  };

  const choose = ({ keepPage = false } = {}) => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = rows
      .filter(
        (row) =>
          (!state.value || row.state === state.value) &&
          (code === null || (row.state === "failed" && (row.code || "") === code)) &&
          wanted.every((word) => haystack(row).includes(word)),
      )
      .sort(compare);
    if (!keepPage) page = 0;
    show();
  };

  const toVideos = () => {
    byId("videos").scrollIntoView();
    byId("videos").focus({ preventScroll: true });
  };

  const turn = (by) => {
    page += by;
    show();
    toVideos();
  };

  const look = (chosen) => {
    view = chosen;
    byId("as-cards").setAttribute("aria-pressed", String(view === "cards"));
    byId("as-table").setAttribute("aria-pressed", String(view === "table"));
    page = 0;
    show();
  };

  // Rows that have changed, and such as are new, in place of what is known of them. Their cells have names.
  const placeOf = (name) => (columns.includes(name) ? columns.indexOf(name) : columns.push(name) - 1);
  const update = (changed) => {
    const places = new Map(rows.map((row, at) => [row.id, at]));
    for (const row of changed) {
      row.cells = (row.cells || []).map(([name, text]) => [placeOf(name), text]);
      haystacks.delete(row.id);
      if (places.has(row.id)) rows[places.get(row.id)] = row;
      else rows.push(row);
    }
    choose({ keepPage: true });
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
  byId("as-cards").addEventListener("click", () => look("cards"));
  byId("as-table").addEventListener("click", () => look("table"));
  byId("copy-all").addEventListener("click", (event) => {
    const ready = found.filter((row) => row.link && row.state === "completed");
    const lines = ready.map((row) => `${row.title.replace(/\s+/g, " ")}\t${row.link}`);
    copy(lines.join("\n"), event.currentTarget, `Copied ${ready.length.toLocaleString("en")} links`);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-code]:not([data-wish])");
    if (button === null) return;
    code = button.dataset.code;
    search.value = "";
    state.value = "failed";
    choose();
    toVideos();
  });
  // On paper: all rows in one table, in place of the page of cards that is on the screen.
  addEventListener("beforeprint", () => {
    byId("paper").replaceChildren(tableOf(rows, true));
  });
  addEventListener("afterprint", () => {
    byId("paper").replaceChildren();
  });
  document.documentElement.classList.add("scripted");
  showTimes();
  choose(); // a browser that comes back to the page may have kept what was typed
  return { make, say, showTimes, update };
})();
