// The page around the frame: sizes it, says what happens, and asks this site's server before believing "completed".
const frame = document.getElementById("prefill");
const news = document.getElementById("news");
const after = document.getElementById("after");
const SENTENCES = {
  handoff: "Please go on in the window that opened. This page waits for you.",
  canceled: "You stopped the application. Nothing was sent to us.",
  failed: "The form could not be finished. Come by any branch, or call us.",
  expired: "This link has run out. Please start again from our home page.",
};

// The frame's origin and window are both checked: any page may post messages here. The first screen knows no id yet.
window.addEventListener("message", (event) => {
  const message = event.data;
  const genuine = event.origin === frame.dataset.origin && event.source === frame.contentWindow;
  if (!genuine || message?.prefill !== 1) return;
  if (message.onboarding_id && message.onboarding_id !== frame.dataset.onboarding) return;
  if (message.type === "resize") resize(message.data?.height);
  else if (message.type === "completed") confirmCompleted();
  else if (message.type in SENTENCES) say(SENTENCES[message.type]);
});

function resize(height) {
  if (Number.isFinite(height)) frame.style.height = `${Math.min(Math.max(height, 320), 6000)}px`;
}

function say(sentence) {
  news.textContent = sentence;
}

async function confirmCompleted() {
  say("Thank you. One moment, we are checking that everything arrived.");
  try {
    const answer = await fetch(frame.dataset.status);
    const { status } = await answer.json();
    if (status !== "completed") throw new Error(status);
    say("Welcome to Acme. Your application is with us.");
    after.hidden = false;
  } catch {
    say("We have not seen your application yet. It will show under Applications in a moment.");
  }
}
