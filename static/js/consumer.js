// Polish on pages that work without it: focus, titles, busy buttons, countdown, masks, saving, a dead network.
(() => {
  "use strict";

  const { frame, headers, hasBearer } = window.Prefill;
  const isPoll = (element) => element?.dataset?.hxTrigger?.startsWith("every") ?? false;

  // ---------- Focus: after a swap it goes where reading starts ----------
  const plainId = (key) => key.toLowerCase().replace(/[^a-z0-9]+/g, "-");

  function land(element) {
    if (!element) return;
    if (!element.matches("a, button, input, select, textarea, [tabindex]")) element.tabIndex = -1;
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
  }

  let before = {};

  document.addEventListener("htmx:before:swap", (event) => {
    const submitter = event.detail.ctx.request?.submitter;
    const undoes = ["undo", "dispute", "undispute"].includes(submitter?.name);
    const active = document.activeElement;
    before = {
      screen: frame()?.dataset.screen,
      focus: undoes ? plainId(submitter.value) : active?.id,
      poll: isPoll(event.detail.ctx.sourceElement),
    };
  });

  function settle() {
    const now = frame();
    document.body.classList.toggle("page-wide", "wide" in now.dataset);
    document.title = now.dataset.title;
    speak(now);
    prepare(now);
    const same = now.dataset.screen === before.screen;
    if (same && before.poll) return;
    const wrong = now.querySelector(".summary") ?? now.querySelector("[aria-invalid=true]");
    const kept = same && before.focus ? document.getElementById(before.focus) : null;
    if (wrong) return land(wrong);
    if (kept && now.contains(kept)) return land(kept);
    window.scrollTo(0, 0);
    land(now.querySelector("h1"));
  }

  document.addEventListener("htmx:after:swap", (event) => {
    const alert = document.getElementById("alert");
    if (event.detail.ctx.target === alert && alert.firstElementChild) return land(alert.firstElementChild);
    if (frame()) settle();
  });

  function speak(root) {
    const words = root.querySelector("[data-spoken]")?.dataset.spoken ?? "";
    const region = document.getElementById("spoken");
    if (region.textContent !== words) region.textContent = words;
  }

  // A jump inside the page moves focus without a navigation, which would lose what history.state holds.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    const target = link && document.getElementById(link.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    land(target);
    target.scrollIntoView({ block: "center" });
  });

  // ---------- Busy buttons; a native form is sent once ----------
  function busy(button, on) {
    if (!button?.matches(".button")) return;
    button.querySelector(".spinner")?.remove();
    if (!on) return button.removeAttribute("aria-busy");
    const spinner = document.createElement("span");
    spinner.className = "spinner";
    button.setAttribute("aria-busy", "true");
    button.prepend(spinner);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-hx-post]")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    if ("window" in form.dataset) return windowOpened(form);
    busy(event.submitter, true);
  });

  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.querySelectorAll(".button").forEach((button) => busy(button, false));
    }
  });

  function windowOpened(form) {
    const note = document.querySelector("[data-when=window-open]");
    if (note) note.hidden = false;
    form.querySelector(".button").classList.add("secondary");
    const poll = document.querySelector("[data-hx-trigger^=every]");
    if (poll) setTimeout(() => fetch(poll.dataset.hxGet, { headers: headers() }).then(renewHandoff, () => {}), 1000);
  }

  // The one-time value is spent with the first window, or grows old: with another one the button works again.
  function renewHandoff(answer) {
    const value = answer?.headers?.get("Prefill-Handoff");
    const form = value && document.querySelector("form[data-window]");
    if (!form?.elements.handoff) return;
    form.elements.handoff.value = value;
    delete form.dataset.sent;
  }

  document.addEventListener("htmx:after:request", (event) => renewHandoff(event.detail.ctx.response));

  // ---------- The network: one sentence, one button ----------
  let misses = 0;

  document.addEventListener("htmx:before:request", (event) => {
    const { sourceElement, request } = event.detail.ctx;
    if (isPoll(sourceElement)) return;
    document.getElementById("alert")?.replaceChildren();
    stopSaving();
    busy(request.submitter, true);
  });

  document.addEventListener("htmx:after:request", () => {
    if (misses > 0) document.getElementById("alert")?.replaceChildren();
    misses = 0;
  });

  document.addEventListener("htmx:finally:request", (event) => busy(event.detail.ctx.request.submitter, false));

  // An answer that is no frame comes from something between us and the server: it must not eat the form.
  document.addEventListener("htmx:before:swap", (event) => {
    const context = event.detail.ctx;
    if (context.target !== frame() || context.text.includes('id="frame"')) return;
    event.preventDefault();
    unreachable(context);
  });

  document.addEventListener("htmx:error", (event) => {
    const context = event.detail.ctx;
    if (context && !context.response) unreachable(context);
  });

  function unreachable({ sourceElement: source, request }) {
    misses += 1;
    if (isPoll(source) && misses < 3) return;
    const alert = document.getElementById("alert");
    if (!alert || (isPoll(source) && alert.firstElementChild)) return;
    alert.replaceChildren(document.getElementById("no-network").content.cloneNode(true));
    alert.querySelector("[data-retry]").addEventListener("click", () => {
      alert.replaceChildren();
      if (source.matches("form")) source.requestSubmit(request.submitter ?? undefined);
      else if (source.matches("a")) source.click();
      else location.reload();
    });
    if (!isPoll(source)) land(alert.firstElementChild);
  }

  // ---------- Resend: the button waits as long as the server would refuse it ----------
  let ticking = [];

  function countDown(line) {
    const form = line.nextElementSibling;
    const until = performance.now() + Number(line.dataset.countdown) * 1000;
    const show = () => {
      const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
      line.lastElementChild.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      line.hidden = left === 0 || "silent" in line.dataset;
      form.hidden = left > 0;
      if (left === 0) clearInterval(timer);
    };
    const timer = setInterval(show, 500);
    ticking.push(timer);
    show();
  }

  document.addEventListener("paste", (event) => {
    if (event.target.id !== "code") return;
    const digits = event.clipboardData.getData("text").replace(/\D/g, "");
    if (digits.length !== 6) return;
    event.preventDefault();
    event.target.value = digits;
  });

  // ---------- Masks: the digits stay at the server until asked for ----------
  async function reveal(button) {
    const field = document.getElementById(button.dataset.reveal);
    const shown = button.getAttribute("aria-pressed") === "true";
    field.dataset.mask ??= field.value;
    if (shown) {
      field.value = field.dataset.mask;
    } else {
      const answer = await fetch(button.dataset.revealUrl, { method: "POST", headers: headers() }).catch(() => null);
      if (!answer?.ok) return;
      field.value = (await answer.json()).value;
    }
    button.setAttribute("aria-pressed", String(!shown));
    button.querySelector("[data-when=hidden]").hidden = !shown;
    button.querySelector("[data-when=shown]").hidden = shown;
  }

  // The browser sends no bearer with a download, so the script fetches it.
  async function download(link) {
    const answer = await fetch(link.href, { headers: headers() });
    if (!answer.ok) return;
    const address = URL.createObjectURL(await answer.blob());
    const named = /filename="?([^";]+)/.exec(answer.headers.get("Content-Disposition") ?? "");
    const anchor = Object.assign(document.createElement("a"), { href: address, download: named?.[1] ?? "copy" });
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-reveal]");
    if (button) reveal(button);
    const link = event.target.closest?.("a[download]");
    if (!link || !hasBearer() || link.protocol === "blob:") return;
    event.preventDefault();
    download(link);
  });

  // ---------- Saving as one goes; what is left out is not summed ----------
  let saving = 0;
  const stopSaving = () => clearTimeout(saving);

  async function save(form) {
    const sent = { ...headers(), "Content-Type": "application/x-www-form-urlencoded" };
    const body = new URLSearchParams(new FormData(form)).toString();
    const answer = await fetch(form.dataset.saveUrl, { method: "POST", headers: sent, body }).catch(() => null);
    const note = form.querySelector("[data-when=saved]");
    if (note) note.hidden = !answer?.ok;
  }

  function sum(ledger) {
    const { lang } = document.documentElement;
    ledger.querySelectorAll("[data-total]").forEach((total, place) => {
      // The page's own way to write money: with the sign first, as in the US, or as the language has it.
      const locale = total.textContent.trim().startsWith("$") ? `${lang}-US` : lang;
      const money = new Intl.NumberFormat(locale, { style: "currency", currency: ledger.dataset.currency });
      const kept = [...ledger.querySelectorAll(".entry:not(.out)")];
      const cents = kept.reduce((all, entry) => all + Number(entry.dataset.sums.split(",")[place] || 0), 0);
      total.textContent = money.format(cents / 100);
    });
  }

  document.addEventListener("change", (event) => {
    const entry = event.target.matches(".switch") ? event.target.closest(".entry") : null;
    if (entry) {
      entry.classList.toggle("out", !event.target.checked);
      entry.querySelector("[data-when=out]").hidden = event.target.checked;
      sum(entry.closest(".ledger"));
    }
    const form = event.target.closest("form[data-save-url]");
    if (!form) return;
    stopSaving();
    saving = setTimeout(save, 400, form);
  });

  async function copy(button) {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    const copied = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
    if (!copied) return;
    button.querySelector("[data-when=idle]").hidden = true;
    button.querySelector("[data-when=copied]").hidden = false;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (button) copy(button);
  });

  function prepare(root) {
    root.querySelectorAll("[data-copy]").forEach((button) => (button.hidden = false));
    ticking.forEach(clearInterval);
    ticking = [];
    root.querySelectorAll("[data-reveal]").forEach((button) => (button.hidden = false));
    root.querySelectorAll("[data-countdown]").forEach(countDown);
  }

  prepare(document);
  document.querySelector(".summary")?.focus();
})();
