/* The end of a visit to a bank's own page: tell Link's frame and close, or go back to the app. */

const { state, return: address } = document.getElementById("done").dataset;

if (address) {
  window.location.replace(address);
} else {
  // Without an opener Link finds out by itself: it asks the server.
  window.opener?.postMessage({ plaidBank: state }, window.location.origin);
  window.close();
}
