/* The document inside the Link iframe: sends what a person does to the server and shows the pane it answers. */

const { session, origin, dropEarlySubmit, embedded } = document.body.dataset;
const place = document.getElementById("pane");
const SEARCH_MS = 200;
const LOOK_MS = 1000;
const BANK_WINDOW = "popup,width=480,height=720";
let queue = Promise.resolve();
let searching = 0;
let looking = 0;
let bankWindow = null;

const tellParent = (message) => window.parent.postMessage({ plaidLink: 1, ...message }, origin);

const focusPane = () => {
  const target = place.querySelector("[data-focus]") || place.querySelector("h1");
  if (target) {
    target.focus();
  }
};

const showPane = (markup) => {
  const parsed = new DOMParser().parseFromString(markup, "text/html");
  const [shown, found] = [place, parsed].map((where) => where.querySelector("[data-results]"));
  if (shown && found) {
    // Whoever is typing keeps the cursor: only what was found changes.
    shown.replaceWith(found);
    return;
  }
  place.replaceChildren(...parsed.body.childNodes);
  focusPane();
  watchBank();
};

const showTrouble = () => {
  const text = document.getElementById("trouble").content.cloneNode(true);
  place.replaceChildren(text);
  focusPane();
};

const act = async (action, values) => {
  place.setAttribute("aria-busy", "true");
  const answer = await fetch(`/link/session/${session}/${action}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(values),
  });
  place.removeAttribute("aria-busy");
  if (!answer.ok) {
    showTrouble();
    return;
  }
  const { events, pane, result, modal } = await answer.json();
  events.forEach(([name, metadata]) => tellParent({ type: "event", name, metadata }));
  stretch(modal && !result);
  if (result) {
    place.replaceChildren();
    tellParent({ type: "result", result });
  } else if (pane !== null) {
    showPane(pane);
  }
};

// One step after the other, so that two quick clicks cannot overtake each other.
const take = (action, values) => {
  queue = queue.then(() => act(action, values)).catch(showTrouble);
  return queue;
};

// A frame that stands inside the page covers it once a bank was chosen.
const stretch = (modal) => {
  const inside = document.body.classList.contains("embedded");
  if (embedded === "1" && inside === modal) {
    document.body.classList.toggle("embedded", !modal);
    tellParent({ type: "stretch", modal });
  }
};

// ---------- A bank's own page ----------
const look = async () => {
  const gone = bankWindow && bankWindow.closed;
  await take("oauth_look", {});
  if (gone && place.querySelector("[data-poll]")) {
    bankWindow = null;
    take("oauth_closed", {});
  }
};

const watchBank = () => {
  clearInterval(looking);
  if (place.querySelector("[data-poll]")) {
    looking = setInterval(look, LOOK_MS);
  }
};

const goToBank = (button) => {
  const address = new URL(button.dataset.bank, window.location.origin).href;
  if (button.dataset.redirect === "1") {
    take("oauth_open", {}).then(() => tellParent({ type: "redirect", address }));
    return;
  }
  const opened = window.open(address, "_blank", BANK_WINDOW);
  if (!opened) {
    place.querySelector("[data-blocked]").hidden = false;
    return;
  }
  bankWindow = opened;
  take("oauth_open", {});
};

const valuesOf = (form, button) => {
  const data = new FormData(form);
  const values = {};
  for (const name of new Set(data.keys())) {
    const all = data.getAll(name);
    values[name] = all.length > 1 ? all : all[0];
  }
  if (button && button.name) {
    values[button.name] = button.value;
  }
  return values;
};

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const button = event.submitter;
  const action = (button && button.dataset.action) || form.dataset.action;
  const values = valuesOf(form, button);
  if (action === "exit" || !place.hasAttribute("aria-busy")) {
    take(action, action === "exit" ? {} : values);
  }
});

// A plain button with an action of its own; the Enter key must never press it.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[type=button]");
  if (button && button.dataset.bank) {
    goToBank(button);
  } else if (button && button.dataset.action) {
    take(button.dataset.action, button.dataset.action === "exit" ? {} : valuesOf(button.form, button));
  }
});

document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.dataset.fullAt && field.value.length === Number(field.dataset.fullAt)) {
    field.form.requestSubmit();
  }
  if ("search" in field.dataset) {
    clearTimeout(searching);
    searching = setTimeout(() => take("search", { query: field.value }), SEARCH_MS);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && place.childElementCount > 0) {
    take("exit", {});
  }
});

window.addEventListener("message", (event) => {
  if (event.origin === window.location.origin && event.data && event.data.plaidBank) {
    look();
    return;
  }
  if (event.origin !== origin || event.source !== window.parent || !event.data || event.data.plaidLink !== 1) {
    return;
  }
  const { type, values } = event.data;
  if (["submit", "open", "exit"].includes(type)) {
    take(type, values);
  }
});

tellParent({ type: "loaded", dropEarlySubmit: dropEarlySubmit === "1" });
