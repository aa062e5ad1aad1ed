// Reloads the inbox when a newer text or mail has arrived.
const list = document.getElementById("texts");
const mailed = document.getElementById("mails");

async function look() {
  try {
    const answer = await fetch(list.dataset.source, { cache: "no-store" });
    const { texts, mails } = await answer.json();
    const newer = (kept, known) => (kept[0]?.sent_at ?? "") !== (known?.dataset.newest ?? "");
    if (newer(texts, list) || newer(mails, mailed)) location.reload();
  } catch {
    // The emulators are restarting; the next look tells.
  }
}

setInterval(look, 2000);
