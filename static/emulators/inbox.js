// Reloads the inbox when a newer text has arrived.
const list = document.getElementById("texts");

async function look() {
  try {
    const answer = await fetch(list.dataset.source, { cache: "no-store" });
    const { texts } = await answer.json();
    const newest = texts.length ? texts[0].sent_at : "";
    if (newest !== list.dataset.newest) location.reload();
  } catch {
    // The emulators are restarting; the next look tells.
  }
}

setInterval(look, 2000);
