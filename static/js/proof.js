// Proof of work before a text: solves the challenge of the page and sends its form, so that nobody has to press again.
(() => {
  "use strict";

  // The first 32 bits of the fractional parts of the cube and square roots of the first primes (FIPS 180-4).
  const roots = (power, count) => {
    const found = [];
    for (let number = 2; found.length < count; number += 1) {
      let prime = true;
      for (let divisor = 2; divisor * divisor <= number; divisor += 1) prime &&= number % divisor !== 0;
      const root = number ** power;
      if (prime) found.push(((root - Math.floor(root)) * 4294967296) | 0);
    }
    return Int32Array.from(found);
  };
  const K = roots(1 / 3, 64);
  const START = roots(1 / 2, 8);
  const words = new Int32Array(64);

  // The first word of SHA-256 of an ASCII text of at most 55 letters: one block. More zero bits are never asked for.
  function firstWord(text) {
    words.fill(0, 0, 16);
    for (let place = 0; place < text.length; place += 1) {
      words[place >> 2] |= text.charCodeAt(place) << (24 - (place & 3) * 8);
    }
    words[text.length >> 2] |= 0x80 << (24 - (text.length & 3) * 8);
    words[15] = text.length * 8;
    for (let t = 16; t < 64; t += 1) {
      const x = words[t - 15];
      const y = words[t - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      words[t] = (words[t - 16] + s0 + words[t - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = START;
    for (let t = 0; t < 64; t += 1) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[t] + words[t]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    return (a + START[0]) | 0;
  }

  const pause = () => new Promise((resolve) => setTimeout(resolve));

  // In slices shorter than a frame, so that the page stays alive; null when it is no longer wanted.
  async function solve(seal, bits, wanted) {
    for (let number = 0; wanted(); await pause()) {
      const until = performance.now() + 12;
      while (performance.now() < until) {
        for (const end = number + 64; number < end; number += 1) {
          if (firstWord(`${seal}:${number}`) >>> (32 - bits) === 0) return String(number);
        }
      }
    }
    return null;
  }

  async function prove() {
    const field = document.querySelector("[data-challenge]");
    if (!field || field.dataset.challenge) return;
    field.dataset.challenge = "taken";
    const { form } = field;
    form.querySelector("[data-when=by-hand]").hidden = true;
    document.querySelector("[data-when=proving]").hidden = false;
    const [, bits, , seal] = field.value.split(".");
    const solution = await solve(seal, Number(bits), () => field.isConnected);
    if (solution === null) return;
    form.elements.solution.value = solution;
    form.requestSubmit();
  }

  document.addEventListener("htmx:after:swap", prove);
  // Not before htmx has taken the form: sent natively it would lose the bearer.
  window.addEventListener("load", prove);
})();
