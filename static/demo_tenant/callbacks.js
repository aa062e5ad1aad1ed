// Keeps the list of callbacks fresh: takes over the table's rows from the server's own page, every two seconds.
const PAUSE = 2000;
const LIVE = ["callbacks", "refused", "empty"];

async function refresh() {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of LIVE) replace(document.getElementById(id), page.getElementById(id));
  } catch {
    // The server is away for a moment; the next round asks again.
  } finally {
    setTimeout(refresh, PAUSE);
  }
}

function replace(now, next) {
  if (now.outerHTML !== next.outerHTML) now.replaceWith(document.adoptNode(next));
}

setTimeout(refresh, PAUSE);
