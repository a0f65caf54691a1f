// Stands between the page and the server's chat: stops the frames where a test wants to look, and breaks the connection.
export class Gate {
  #links = [];
  #waiting = [];
  #holds = null;
  #held = null;
  #refusing = false;

  async install(page) {
    await page.routeWebSocket(/\/chat\?/, socket => this.#connect(socket));
    // noVNC looks for the methods of a socket on its own class, and that of the stand-in has inherited them.
    await page.addInitScript(() => {
      const parent = Object.getPrototypeOf(WebSocket.prototype);
      for (const name of Object.getOwnPropertyNames(parent)) {
        if (Object.hasOwn(WebSocket.prototype, name)) continue;
        Object.defineProperty(WebSocket.prototype, name, Object.getOwnPropertyDescriptor(parent, name));
      }
    });
  }

  #connect(socket) {
    if (this.#refusing) return void socket.close({ code: 1013, reason: 'the test lets nobody in' });
    const server = socket.connectToServer();
    const link = { socket, server, isBroken: false };
    this.#links.push(link);
    socket.onMessage(message => server.send(message));
    server.onMessage(message => {
      if (link.isBroken) return;
      if (this.#held) this.#waiting.push(() => socket.send(message));
      else this.#pass(socket, message);
    });
  }

  #pass(socket, message) {
    socket.send(message);
    if (!this.#holds?.(JSON.parse(message))) return;
    this.#holds = null;
    this.#held.resolve();
  }

  // From the next frame for which it is true on, which itself comes through, nothing does. Resolves when that one came.
  hold(holds) {
    this.#holds = frame => {
      if (!holds(frame)) return false;
      this.#held = armed;
      return true;
    };
    const armed = withResolvers();
    return armed.promise;
  }

  release() {
    this.#held = null;
    this.#holds = null;
    for (const send of this.#waiting.splice(0)) send();
  }

  // As when a cable is pulled, until mend().
  async breakDown() {
    this.#refusing = true;
    const links = this.#links.splice(0);
    for (const link of links) link.isBroken = true;
    this.#held = null;
    this.#waiting = [];
    for (const { socket, server } of links) {
      await server.close();
      await socket.close({ code: 1011, reason: 'the test has pulled the cable' });
    }
  }
  mend() {
    this.#refusing = false;
  }
}

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
