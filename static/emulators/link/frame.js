/* The document inside the Link iframe: sends what a person does to the server and shows the pane it answers. */

const { session, origin, dropEarlySubmit } = document.body.dataset;
const place = document.getElementById("pane");
let queue = Promise.resolve();

const tellParent = (message) => window.parent.postMessage({ plaidLink: 1, ...message }, origin);

const focusPane = () => {
  const target = place.querySelector("[data-focus]") || place.querySelector("h1");
  if (target) {
    target.focus();
  }
};

const showPane = (markup) => {
  const parsed = new DOMParser().parseFromString(markup, "text/html");
  place.replaceChildren(...parsed.body.childNodes);
  focusPane();
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
  const { events, pane, result } = await answer.json();
  events.forEach(([name, metadata]) => tellParent({ type: "event", name, metadata }));
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
  const button = event.target.closest("button[type=button][data-action]");
  if (button) {
    take(button.dataset.action, valuesOf(button.form, button));
  }
});

document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.dataset.fullAt && field.value.length === Number(field.dataset.fullAt)) {
    field.form.requestSubmit();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && place.childElementCount > 0) {
    take("exit", {});
  }
});

window.addEventListener("message", (event) => {
  if (event.origin !== origin || event.source !== window.parent || !event.data || event.data.plaidLink !== 1) {
    return;
  }
  const { type, values } = event.data;
  if (["submit", "open", "exit"].includes(type)) {
    take(type, values);
  }
});

tellParent({ type: "loaded", dropEarlySubmit: dropEarlySubmit === "1" });
