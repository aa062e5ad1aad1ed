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

  // The script's own origin is where its frame comes from, and the only one it listens to.
  const home = new URL(document.currentScript.src).origin;
  const TOP_LAYER = "2147483647";
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
    if (embedded) {
      style.height = "30rem";
      style.display = "block";
      return;
    }
    style.position = "fixed";
    style.top = "0";
    style.left = "0";
    style.height = "100%";
    style.zIndex = TOP_LAYER;
    style.background = "transparent";
    style.display = "none";
  };

  const makeFrame = (token, embedded) => {
    made += 1;
    const frame = document.createElement("iframe");
    const source = new URL("/link/frame", home);
    source.searchParams.set("token", token);
    source.searchParams.set("origin", window.location.origin);
    if (embedded) {
      source.searchParams.set("embedded", "1");
    }
    frame.id = `plaid-link-iframe-${made}`;
    frame.title = "Plaid Link";
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms");
    dress(frame, embedded);
    frame.src = source.href;
    return frame;
  };

  class Handler {
    constructor(config, container) {
      this.config = config;
      this.embedded = Boolean(container);
      this.loaded = false;
      this.isOpen = false;
      this.done = false;
      this.early = [];
      this.scrolling = "";
      this.focused = null;
      this.frame = makeFrame(config.token, this.embedded);
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

    open() {
      if (this.done || this.isOpen) {
        return;
      }
      this.isOpen = true;
      if (!this.embedded) {
        this.scrolling = document.body.style.overflow;
        document.body.style.overflow = "hidden";
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
      if (this.isOpen && !this.embedded) {
        document.body.style.overflow = this.scrolling;
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
      result.events.forEach(([name, metadata]) => call(this.config.onEvent, name, metadata));
      if (result.success) {
        call(this.config.onSuccess, ...result.success);
      } else {
        call(this.config.onExit, ...result.exit);
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
