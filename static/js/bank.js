// Hosts Plaid's script: one handler at a time, down the ladder's rungs. Whatever fails ends in a way on.
(() => {
  "use strict";

  const bank = document.getElementById("bank");
  const trouble = document.getElementById("bank-trouble");
  const { script, phone, received, finishedUrl, notAvailableUrl, exitUrl, renewUrl, eventsUrl, backUrl } = bank.dataset;
  const LOAD_MS = 15000;
  const SILENCE_MS = 6000;

  // One handler's life: `by` is what Layer was last asked by, `asked` how often, `refused` that it said no to that.
  let attempt = null;
  let over = false;
  let timer = 0;
  // For the first handler alone: a bank's own page sent the browser back to be taken up again.
  let back = received ? { receivedRedirectUri: received } : {};

  function say(state) {
    for (const line of bank.querySelectorAll("[data-when]")) line.hidden = line.dataset.when !== state;
  }

  function watch(milliseconds, then) {
    clearTimeout(timer);
    timer = setTimeout(then, milliseconds);
  }

  function drop() {
    attempt?.handler?.destroy();
    attempt = null;
  }

  function fail() {
    if (over) return;
    over = true;
    clearTimeout(timer);
    say(null);
    drop();
    trouble.hidden = false;
    trouble.focus();
  }

  function post(url, body, keepalive = false) {
    const headers = { ...window.Prefill.headers(), "Content-Type": "application/json", Accept: "application/json" };
    return fetch(url, { method: "POST", headers, body: JSON.stringify(body), keepalive });
  }

  // Whatever is told here may be told twice, so an answer that got lost is asked for again.
  async function ask(url, body) {
    const whole = { ...body, link_token: attempt?.token ?? null };
    const answer = (await post(url, whole).catch(() => null)) ?? (await post(url, whole));
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  // A one-time value in the answer carries the binding where neither cookie nor storage does: by POST, never in a URL.
  function leave({ location: address, handoff }, stay = "finished") {
    if (!handoff && !window.Prefill.travels()) return say(stay);
    if (!handoff) return window.location.assign(address);
    const form = Object.assign(document.createElement("form"), { method: "post", action: address });
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "handoff", value: handoff }));
    document.body.append(form);
    form.submit();
  }

  // The end of this handler: with the answer the next one begins here, or the page is left.
  async function conclude(url, body, meanwhile = "leaving") {
    if (over) return;
    over = true;
    clearTimeout(timer);
    say(meanwhile);
    flush();
    try {
      const answer = await ask(url, body);
      if (!answer.token) return leave(answer, url === finishedUrl ? "finished" : "left");
      over = false;
      start(answer);
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

  // ---------- Layer: by phone, then by date of birth on the same handler ----------
  // A submit can be lost without a word, so silence means: once more, then go on without Layer.
  function submit(by, values) {
    attempt.asked = attempt.by === by ? attempt.asked + 1 : 1;
    Object.assign(attempt, { by, refused: false });
    attempt.handler.submit(values);
    watch(SILENCE_MS, () => (attempt.asked < 2 ? submit(by, values) : refuse("silent")));
  }

  async function refusedPhone() {
    const mine = attempt;
    if (mine.by !== "phone" || mine.refused) return;
    mine.refused = true;
    clearTimeout(timer);
    try {
      const answer = await ask(notAvailableUrl, { by: "phone", reason: "not_available" });
      // LAYER_READY may have come late, after all.
      if (over || mine !== attempt || mine.opened) return;
      if (answer.date_of_birth) return submit("birth", { date_of_birth: answer.date_of_birth });
      if (answer.token) return start(answer);
      over = true;
      leave(answer, "left");
    } catch {
      if (mine === attempt && !mine.opened) fail();
    }
  }

  function refuse(reason) {
    conclude(notAvailableUrl, { by: "birth", reason }, "choosing");
  }

  function onEvent(name) {
    if (attempt.opened || over) return;
    if (name === "LAYER_READY") open();
    if (name === "LAYER_NOT_AVAILABLE") refusedPhone();
    if (name === "LAYER_AUTOFILL_NOT_AVAILABLE" && attempt.by === "birth") refuse("not_available");
  }

  // ---------- Any handler ----------
  function open() {
    clearTimeout(timer);
    if (attempt.opened || over) return;
    attempt.opened = true;
    remember(attempt.token);
    say("open");
    attempt.handler.open();
  }

  function onSuccess(publicToken, metadata) {
    conclude(finishedUrl, { public_token: publicToken, link_session_id: metadata?.link_session_id ?? null });
  }

  function onExit(error, metadata) {
    if (!attempt.opened && !error) return;
    conclude(exitUrl, {
      status: metadata?.status ?? null,
      error_code: error?.error_code ?? null,
      error_type: error?.error_type ?? null,
      link_session_id: metadata?.link_session_id ?? null,
    });
  }

  function onLoad() {
    if (over || attempt.asked > 0 || attempt.opened) return;
    clearTimeout(timer);
    if (attempt.mode === "link") open();
    else if (phone) submit("phone", { phone_number: phone });
    else refuse("no_phone");
  }

  function start({ token, mode }) {
    drop();
    const mine = { token, mode, handler: null, opened: false, by: null, asked: 0, refused: false };
    attempt = mine;
    say(mode === "link" ? "choosing" : "opening");
    watch(LOAD_MS, fail);
    // A handler that was replaced has no say any more.
    const live = (act) => (...told) => mine === attempt && act(...told);
    const heard = (name, metadata) => {
      note(name, metadata);
      live(onEvent)(name);
    };
    const callbacks = { onSuccess: live(onSuccess), onExit: live(onExit), onEvent: heard, onLoad: live(onLoad) };
    try {
      mine.handler = window.Plaid.create({ token, ...callbacks, ...back });
      back = {};
    } catch {
      fail();
    }
  }

  // ---------- A token opens one window: after a reload, or when it is old, another one is asked for ----------
  function remember(token) {
    history.replaceState({ ...history.state, opened: token.slice(-12) }, "");
    try {
      // For the page a bank's own site may send this tab back to.
      sessionStorage.setItem("prefill bank", backUrl);
    } catch {
      // Blocked: a cookie may still tell.
    }
  }

  function begin() {
    if (over) return;
    const { token, mode } = bank.dataset;
    if (token && (received || history.state?.opened !== token.slice(-12))) start({ token, mode });
    else conclude(renewUrl, {}, "opening");
  }

  say("opening");
  watch(LOAD_MS, fail);
  const source = document.createElement("script");
  source.addEventListener("load", begin);
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
