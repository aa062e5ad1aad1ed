/* The emulator's stand-in for Plaid's link-initialize.js: window.Plaid and nothing else. */
(function () {
  "use strict";

  if (window.Plaid) {
    console.warn(
      "Warning: The Plaid link-initialize.js script was embedded more than once. " +
        "This is an unsupported configuration and may lead to unpredictable behavior."
    );
    return;
  }

  // Where the frame comes from, and the only origin listened to; the server puts its own address here.
  const home = "https://emulators.invalid";
  const TOP_LAYER = "2147483647";
  const LATE_MS = 300;
  let made = 0;

  const call = (callback, ...values) => {
    if (typeof callback === "function") {
      callback(...values);
    }
  };

  const dress = (frame, embedded) => {
    const style = frame.style;
    style.border = "0";
    style.width = "100%";
    // The same as the frame's own root, else the browser paints an opaque ground behind it.
    style.colorScheme = "light";
    style.background = "transparent";
    style.position = embedded ? "static" : "fixed";
    style.top = style.left = embedded ? "auto" : "0";
    style.height = embedded ? "30rem" : "100%";
    style.zIndex = embedded ? "auto" : TOP_LAYER;
  };

  const makeFrame = (config, embedded) => {
    made += 1;
    const frame = document.createElement("iframe");
    const source = new URL("/link/frame", home);
    source.searchParams.set("token", config.token);
    source.searchParams.set("origin", window.location.origin);
    if (typeof config.receivedRedirectUri === "string") {
      source.searchParams.set("received", config.receivedRedirectUri);
    }
    if (embedded) {
      source.searchParams.set("embedded", "1");
    }
    frame.id = `plaid-link-iframe-${made}`;
    frame.title = "Plaid Link";
    // The windows of banks are pages of their own, free of the frame's limits.
    const allowed = "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox";
    frame.setAttribute("sandbox", allowed);
    dress(frame, embedded);
    frame.style.display = embedded ? "block" : "none";
    frame.src = source.href;
    return frame;
  };

  class Handler {
    constructor(config, container) {
      this.config = config;
      this.embedded = Boolean(container);
      this.loaded = false;
      this.isOpen = false;
      this.covers = false;
      this.done = false;
      this.early = [];
      this.scrolling = "";
      this.focused = null;
      this.frame = makeFrame(config, this.embedded);
      this.listen = this.listen.bind(this);
      window.addEventListener("message", this.listen);
      (container || document.body).appendChild(this.frame);
    }

    post(type, values) {
      this.frame.contentWindow.postMessage({ plaidLink: 1, type, values: values || {} }, home);
    }

    listen(event) {
      const ours = event.origin === home && this.frame && event.source === this.frame.contentWindow;
      if (!ours || !event.data || event.data.plaidLink !== 1) {
        return;
      }
      const message = event.data;
      if (message.type === "loaded") {
        this.whenLoaded(message.dropEarlySubmit);
      } else if (message.type === "event") {
        call(this.config.onEvent, message.name, message.metadata);
      } else if (message.type === "stretch") {
        this.stretch(message.modal);
      } else if (message.type === "redirect") {
        window.location.assign(message.address);
      } else if (message.type === "result") {
        this.finish(message.result);
      }
    }

    whenLoaded(dropEarlySubmit) {
      if (this.loaded) {
        return;
      }
      this.loaded = true;
      const kept = this.early.filter(([type]) => type !== "submit" || !dropEarlySubmit);
      this.early = [];
      call(this.config.onLoad);
      kept.forEach(([type, values]) => this.send(type, values));
    }

    send(type, values) {
      if (this.done) {
        return;
      }
      if (this.loaded) {
        this.post(type, values);
      } else {
        this.early.push([type, values]);
      }
    }

    // Only a page that Link covers stops scrolling.
    cover(covered) {
      if (covered && !this.covers) {
        this.scrolling = document.body.style.overflow;
        document.body.style.overflow = "hidden";
      } else if (!covered && this.covers) {
        document.body.style.overflow = this.scrolling;
      }
      this.covers = covered;
    }

    stretch(modal) {
      dress(this.frame, !modal);
      this.cover(modal);
    }

    open() {
      if (this.done || this.isOpen) {
        return;
      }
      this.isOpen = true;
      if (!this.embedded) {
        this.cover(true);
        this.frame.style.display = "block";
        this.focused = document.activeElement;
        this.frame.focus();
      }
      this.send("open");
    }

    submit(values) {
      this.send("submit", values);
    }

    exit(options) {
      if (!this.isOpen) {
        console.warn("Link warning: attempted to exit Link when it was not open");
        return;
      }
      this.send("exit", { force: Boolean(options && options.force) });
    }

    close() {
      this.done = true;
      this.cover(false);
      if (this.embedded) {
        dress(this.frame, true);
      } else if (this.isOpen) {
        this.frame.style.display = "none";
        if (this.focused) {
          this.focused.focus();
        }
      }
      this.isOpen = false;
    }

    finish(result) {
      if (this.done) {
        return;
      }
      this.close();
      const tellEvents = () => result.events.forEach(([name, metadata]) => call(this.config.onEvent, name, metadata));
      if (!result.late) {
        tellEvents();
      }
      if (result.success) {
        call(this.config.onSuccess, ...result.success);
      } else {
        call(this.config.onExit, ...result.exit);
      }
      if (result.late) {
        setTimeout(tellEvents, LATE_MS);
      }
    }

    destroy() {
      if (!this.frame) {
        return;
      }
      this.close();
      window.removeEventListener("message", this.listen);
      this.frame.remove();
      this.frame = null;
    }
  }

  window.Plaid = {
    create(config) {
      const handler = new Handler(config, null);
      return {
        open: () => handler.open(),
        submit: (values) => handler.submit(values),
        exit: (options) => handler.exit(options),
        destroy: () => handler.destroy(),
      };
    },
    createEmbedded(config, container) {
      const handler = new Handler(config, container);
      handler.open();
      return { destroy: () => handler.destroy() };
    },
  };
})();
