// Carries the proof of this browser where cookies are blocked, and speaks with the page that embeds us.
(() => {
  "use strict";

  const meta = (name) => document.querySelector(`meta[name="prefill-${name}"]`)?.content ?? null;
  const frame = () => document.getElementById("frame");
  const home = meta("url");
  const onboarding = (home ?? location.pathname).split("/", 3).join("/");
  const place = `prefill ${onboarding}`;

  // With all cookies blocked the getter of sessionStorage throws; history.state survives a reload of the frame.
  function stored() {
    try {
      return sessionStorage.getItem(place);
    } catch {
      return null;
    }
  }

  function store(value) {
    try {
      sessionStorage.setItem(place, value);
      return true;
    } catch {
      return false;
    }
  }

  const given = meta("bearer");
  let bearer = given ?? stored() ?? history.state?.bearer ?? null;
  const inHistory = bearer !== null && !store(bearer);
  // The answer to a binding POST stands where it was posted to: after this a reload asks for the onboarding instead.
  const ours = location.pathname === home || location.pathname.startsWith(`${home}/`);
  const elsewhere = home !== null && (given !== null || !ours);
  const address = location.pathname === `${home}/window` ? `${home}/bank` : home;
  if (inHistory || elsewhere) {
    history.replaceState(inHistory ? { bearer } : history.state, "", elsewhere ? address : location.href);
  }

  function headers() {
    const made = {};
    const csrf = frame()?.dataset.csrf ?? meta("csrf");
    if (csrf) made["X-CSRF-Token"] = csrf;
    if (bearer) made.Authorization = `Bearer ${bearer}`;
    return made;
  }

  document.addEventListener("htmx:config:request", (event) => {
    const request = event.detail.ctx.request;
    if (!bearer || new URL(request.action, document.baseURI).origin !== location.origin) return;
    request.headers.Authorization = `Bearer ${bearer}`;
  });

  // Once the phone is proven the server renews the bearer, and the old one is dead.
  document.addEventListener("htmx:after:request", (event) => {
    const renewed = event.detail.ctx.response?.headers?.get("Prefill-Bearer");
    if (!renewed) return;
    bearer = renewed;
    if (!store(renewed)) history.replaceState({ bearer }, "", location.href);
  });

  // What stands around the frame is not swapped, so its form takes the new value along.
  document.addEventListener("htmx:after:swap", () => {
    const csrf = frame()?.dataset.csrf;
    const around = document.querySelector(".masthead [name=csrf_token]");
    if (csrf && around) around.value = csrf;
  });

  // ---------- The embedding page: exactly its origin, no personal data ----------
  const embedder = window.parent === window ? null : meta("embed");
  const ends = ["completed", "canceled", "failed", "expired"];
  let sequence = 0;
  let told = { step: null, status: null, height: 0 };

  function tell(type, data = {}) {
    if (!embedder) return;
    sequence += 1;
    const message = { prefill: 1, type, onboarding_id: frame()?.dataset.onboarding ?? null, seq: sequence, data };
    window.parent.postMessage(message, embedder);
  }

  function report() {
    const { step = null, status = null, returnToken } = frame()?.dataset ?? {};
    if (step && step !== told.step) tell("step", { step });
    if (ends.includes(status) && status !== told.status) {
      tell(status, returnToken ? { status, return_token: returnToken } : { status });
    }
    told = { ...told, step, status };
  }

  function measure() {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height === told.height) return;
    told.height = height;
    tell("resize", { height });
  }

  document.addEventListener("htmx:after:swap", report);
  if (embedder) {
    tell("ready", { step: frame()?.dataset.step ?? null });
    measure();
    new ResizeObserver(measure).observe(document.body);
  }
  report();

  // What only history.state holds does not follow to the next document.
  window.Prefill = Object.freeze({ headers, frame, hasBearer: () => bearer !== null, travels: () => !inHistory });
})();
