// Where a bank sent this tab back without a cookie to know it by: the bank's page left word of the way in the tab.
(() => {
  "use strict";

  let place = null;
  try {
    place = sessionStorage.getItem("prefill bank");
  } catch {
    // Storage is blocked too: the page's words have to do.
  }
  if (!/^\/onboarding\/onb_[0-9a-f]{32}$/.test(place ?? "")) return;
  const way = document.getElementById("way-back");
  way.querySelector("a").href = place;
  way.hidden = false;
})();
