// Hosts Plaid's script: one handler, one try. Whatever fails ends in the choices that stand ready in the page.
(() => {
  "use strict";

  const bank = document.getElementById("bank");
  const trouble = document.getElementById("bank-trouble");
  const { script, token, mode, phone, finishedUrl, notAvailableUrl, exitUrl, eventsUrl, backUrl } = bank.dataset;
  const LOAD_MS = 15000;
  const SILENCE_MS = 6000;

  let handler = null;
  let opened = false;
  let over = false;
  let asked = 0;
  let watch = 0;

  function say(state) {
    for (const line of bank.querySelectorAll("[data-when]")) line.hidden = line.dataset.when !== state;
  }

  function fail() {
    if (over) return;
    over = true;
    clearTimeout(watch);
    say(null);
    handler?.destroy();
    trouble.hidden = false;
    trouble.focus();
  }

  function post(url, body, keepalive = false) {
    const headers = { ...window.Prefill.headers(), "Content-Type": "application/json", Accept: "application/json" };
    return fetch(url, { method: "POST", headers, body: JSON.stringify(body), keepalive });
  }

  // A one-time value in the answer carries the binding where neither cookie nor storage does: by POST, never in a URL.
  function leave({ location: address, handoff }) {
    if (!handoff && !window.Prefill.travels()) return say("finished");
    if (!handoff) return window.location.assign(address);
    const form = Object.assign(document.createElement("form"), { method: "post", action: address });
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "handoff", value: handoff }));
    document.body.append(form);
    form.submit();
  }

  async function conclude(url, body) {
    if (over) return;
    over = true;
    clearTimeout(watch);
    say("leaving");
    flush();
    try {
      let answer = await post(url, body).catch(() => null);
      // The public token lives half an hour and the server takes it once: asking again is safe.
      if (!answer) answer = await post(url, body);
      if (!answer.ok) throw new Error(String(answer.status));
      leave(await answer.json());
    } catch {
      over = false;
      fail();
    }
  }

  // ---------- Events, in batches, without what could name a person ----------
  let waiting = [];
  let batch = 0;

  function flush() {
    clearTimeout(batch);
    batch = 0;
    if (waiting.length === 0) return;
    const events = waiting;
    waiting = [];
    post(eventsUrl, { events }, true).catch(() => {});
  }

  function note(name, metadata = {}) {
    const { timestamp, view_name, exit_status, error_code, link_session_id } = metadata;
    waiting.push({ name, timestamp, view_name, exit_status, error_code, link_session_id });
    batch ||= setTimeout(flush, 2000);
  }

  // ---------- The ladder's rung that this page stands on ----------
  // A submit can be lost without a word, so silence means: once more, then go on without Layer.
  function submitPhone() {
    asked += 1;
    handler.submit({ phone_number: phone });
    clearTimeout(watch);
    watch = setTimeout(() => (asked < 2 ? submitPhone() : conclude(notAvailableUrl, { reason: "silent" })), SILENCE_MS);
  }

  function open() {
    clearTimeout(watch);
    if (opened || over) return;
    opened = true;
    say("open");
    handler.open();
  }

  function onEvent(name, metadata) {
    note(name, metadata);
    if (name === "LAYER_READY") open();
    if (name === "LAYER_NOT_AVAILABLE" && !opened) conclude(notAvailableUrl, { reason: "not_available" });
  }

  function onSuccess(publicToken, metadata) {
    conclude(finishedUrl, { public_token: publicToken, link_session_id: metadata?.link_session_id ?? null });
  }

  function onExit(error, metadata) {
    if (!opened) return;
    conclude(exitUrl, {
      status: metadata?.status ?? null,
      error_code: error?.error_code ?? null,
      error_type: error?.error_type ?? null,
      link_session_id: metadata?.link_session_id ?? null,
    });
  }

  function onLoad() {
    if (over || asked > 0 || opened) return;
    clearTimeout(watch);
    if (mode === "link") open();
    else if (phone) submitPhone();
    else conclude(notAvailableUrl, { reason: "no_phone" });
  }

  function create() {
    if (over) return;
    try {
      handler = window.Plaid.create({ token, onSuccess, onExit, onEvent, onLoad });
    } catch {
      fail();
    }
  }

  say("opening");
  watch = setTimeout(fail, LOAD_MS);
  const source = document.createElement("script");
  source.addEventListener("load", create);
  source.addEventListener("error", fail);
  source.src = script;
  document.head.append(source);
  window.addEventListener("pagehide", flush);
  // A native form carries no bearer, so the script posts it and then goes where the onboarding stands.
  document.addEventListener("submit", async (event) => {
    if (!window.Prefill.hasBearer()) return;
    event.preventDefault();
    const { action } = event.target;
    const body = new URLSearchParams(new FormData(event.target));
    await fetch(action, { method: "POST", headers: window.Prefill.headers(), body }).catch(() => null);
    window.location.assign(backUrl);
  });
  // Back from the next page: this handler is spent, and the server knows which step is due.
  window.addEventListener("pageshow", (event) => event.persisted && window.location.replace(backUrl));
})();
