// Follows a collection live, in browsers and in Node; an ES module without dependencies, made to be
// copied. It connects, subscribes, comes back by itself after a break, goes on where it was, drops
// what it has seen already, and reads everything anew when the server cannot tell what was missed:
//
//   for await (const item of follow("https://example.com/v1", "/buckets/blog/collections/articles")) {
//     if (item.type === "snapshot") show(item.objects);   // a Map by URI: replace all you hold
//     if (item.type === "event") apply(item);             // {action, uri, new, old, timestamp, …}
//     if (item.type === "ended") break;                   // nothing more will come: item.reason
//   }
//
// The frames are described in docs/reference/live-protocol.md.

const FIRST_PAUSE = 500; // milliseconds, as all times here
const LONGEST_PAUSE = 30_000;
const TIMEOUT = 15_000;
const PING = 25_000;

/** The server does not want this, and trying again would not help. */
export class Refused extends Error {
  /** @param {number} code a close code from 4400 to 4499, or an HTTP status */
  constructor(code, reason) {
    super(`${code}: ${reason}`);
    this.name = "Refused";
    this.code = code;
  }
}

/** The connection is gone; another one may work. */
class Lost extends Error {}

/** How long to wait before the next attempt: longer each time, and different for everybody. */
export function pause(failures) {
  return Math.random() * Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE);
}

/**
 * Where this client is, and which changes it has had.
 *
 * The changes of one transaction share an offset, and a connection may break between them. So the
 * event of the last offset is asked for once more, and what is known of it dropped.
 */
export class Progress {
  #epoch = "";
  #fence = 0;
  #last = 0;
  #seen = new Set();

  /** What to send as `since`. */
  get position() {
    return `${this.#epoch}:${Math.max(this.#fence, this.#last - 1)}`;
  }

  /** Another history begins unless it is the present one. */
  begin(epoch) {
    if (epoch === this.#epoch) return;
    [this.#epoch, this.#fence, this.#last] = [epoch, 0, 0];
    this.#seen.clear();
  }

  /** All up to an offset is here. */
  passFence(offset) {
    this.#fence = Math.max(this.#fence, offset);
  }

  /** Whether a change was not here before; remembers it. */
  isNew({ id, n = 0, uri, offset }) {
    if (offset === undefined || offset === null) return true;
    if (offset > this.#last) {
      this.#last = offset;
      this.#seen.clear();
    }
    const name = `${id} ${n} ${uri}`;
    if (offset < this.#last || this.#seen.has(name)) return false;
    this.#seen.add(name);
    return true;
  }
}

/** What a snapshot told, for as long as events may tell of it again; shrinks as they come. */
export class Held {
  #versions;
  #newest = 0;

  /** @param {Map<string, object>} objects of the snapshot, by URI */
  constructor(objects) {
    this.#versions = new Map([...objects].map(([uri, one]) => [uri, one.last_modified]));
    for (const version of this.#versions.values()) this.#newest = Math.max(this.#newest, version);
  }

  /** Whether a change is part of the snapshot. */
  includes({ uri, timestamp }) {
    if (timestamp === undefined) this.#versions.delete(uri); // it is seen no more
    if (timestamp > this.#newest) this.#versions.clear();
    return timestamp <= this.#versions.get(uri);
  }
}

/**
 * Events, snapshots and the end of what a URI names, over as many connections as it takes.
 *
 * @param {string} server the address of the API, such as "https://example.com/v1"
 * @param {string} uri of a bucket, a collection or another object
 * @param {object} [options]
 * @param {string|function} [options.token] what an Authorization header would hold, or a function
 *   that gives it anew each time it is needed
 * @param {string|number} [options.since] a position or a last_modified to go on from
 * @param {boolean} [options.snapshot] begin with everything there is
 * @param {object} [options.filters] as in a subscribe frame
 * @param {AbortSignal} [options.signal] ends it
 * @param {function} [options.onState] called with "connecting", "live" and "waiting"
 * @param {function} [options.WebSocket] where there is no global one, such as that of `ws`
 * @throws {Refused} the server does not want this
 */
export async function* follow(server, uri, options = {}) {
  const follower = new Follower(server.replace(/\/+$/, ""), uri, options);
  const { signal, onState = () => {} } = options;
  while (!signal?.aborted) {
    try {
      onState("connecting");
      for await (const item of follower.oneConnection()) {
        yield item;
        if (item.type === "ended") return;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof Lost)) throw error;
    }
    onState("waiting");
    await sleep(pause(follower.failures++), signal);
  }
}

class Follower {
  failures = 0;
  #endpoint = "";
  #reading; // why everything is to be read, if it is
  #held = new Held(new Map());
  #progress = new Progress();

  constructor(server, uri, options) {
    this.server = server;
    this.uri = uri;
    this.options = options;
    this.since = options.since;
    this.#reading = options.snapshot ? "start" : undefined;
  }

  /** What one connection brings; ends with an error, or after an "ended". */
  async *oneConnection() {
    await this.#findEndpoint();
    const { signal, onState = () => {}, WebSocket = globalThis.WebSocket } = this.options;
    const channel = new Channel(new WebSocket(this.#endpoint), signal);
    try {
      await channel.opened();
      await channel.ask(1, { connect: { token: await this.#token(), proto: 1 } });
      yield* await this.#subscribe(channel);
      this.failures = 0;
      onState("live");
      for (;;) {
        const frame = await channel.next();
        if (frame.event) yield* this.#news([frame.event]);
        if (frame.unsubscribed) yield* await this.#unsubscribed(channel, frame.unsubscribed.reason);
      }
    } finally {
      channel.close();
    }
  }

  /** Go on if that is possible. */
  async #unsubscribed(channel, reason) {
    if (reason === "token") throw new Lost("the token is no longer valid"); // the next one is new
    if (reason !== "resync") return [{ type: "ended", reason }];
    this.#reading = reason;
    return await this.#subscribe(channel);
  }

  /** Ask, the first time, where the streams are and what "default" means. */
  async #findEndpoint() {
    if (this.#endpoint) return;
    const { body } = await this.#get(`${this.server}/`);
    const streams = body.capabilities.websocket;
    if (!streams) throw new Refused(404, "the server has no live streams: includes = websocket");
    if (/^\/buckets\/default(\/|$)/.test(this.uri)) {
      if (!body.user?.bucket) throw new Refused(401, "/buckets/default needs a user");
      this.uri = this.uri.replace("default", body.user.bucket);
    }
    this.#endpoint = streams.endpoint;
  }

  /** Subscribe, and catch up: with the missed events or with everything. */
  async #subscribe(channel) {
    const wish = { uri: this.uri, filters: this.options.filters };
    const since = this.#reading ? undefined : this.since;
    let answer = await channel.ask(2, { subscribe: { ...wish, since } });
    this.#reading ??= answer.resync;
    if (answer.resync) answer = await channel.ask(3, { subscribe: wish });
    const { epoch, offset, events = [] } = answer.subscribe;
    this.#progress.begin(epoch);
    let items;
    if (this.#reading) {
      const objects = await this.#everything();
      this.#held = new Held(objects ?? new Map());
      const position = `${epoch}:${offset}`;
      items = [{ type: "snapshot", reason: this.#reading, objects, position }];
    } else {
      items = this.#news(events);
    }
    this.#progress.passFence(offset);
    this.#reading = undefined;
    this.since = this.#progress.position;
    return items;
  }

  /** The events that were not here before. */
  #news(events) {
    const items = [];
    for (const { n: number = 0, ...event } of events) {
      const isNew = this.#progress.isNew({ ...event, n: number });
      this.since = this.#progress.position;
      if (!isNew || this.#held.includes(event)) continue;
      items.push({ type: "event", ...event, number, position: this.since });
    }
    return items;
  }

  /**
   * All records of the collection, or the one object, by URI; null for a bucket.
   *
   * Called behind the fence: what is written meanwhile is in the answer, comes as an event, or both.
   */
  async #everything() {
    const kind = this.uri.split("/").filter((_, index) => index % 2 === 1).at(-1);
    if (kind === "buckets") return null;
    if (kind !== "collections") {
      const { body } = await this.#get(this.server + this.uri);
      return new Map([[this.uri, body.data]]);
    }
    const found = new Map();
    for (let page = `${this.server}${this.uri}/records`; page; ) {
      const { body, headers } = await this.#get(page);
      for (const one of body.data) {
        const uri = `${this.uri}/records/${one.id}`;
        if (!found.has(uri)) found.set(uri, one);
      }
      page = headers.get("Next-Page");
    }
    return found;
  }

  async #token() {
    const { token } = this.options;
    return (typeof token === "function" ? await token() : token) ?? null;
  }

  async #get(url) {
    const token = await this.#token();
    const headers = token ? { Authorization: token } : {};
    let answer;
    let body;
    try {
      const signals = [AbortSignal.timeout(TIMEOUT), this.options.signal].filter(Boolean);
      answer = await fetch(url, { headers, cache: "no-store", signal: AbortSignal.any(signals) });
      body = await answer.json();
    } catch (error) {
      throw new Lost(String(error));
    }
    if (!answer.ok) throw failure(answer.status, body.message ?? answer.statusText);
    return { body, headers: answer.headers };
  }
}

/** The frames of one socket, in order, for one reader. */
class Channel {
  #socket;
  #frames = [];
  #lost = null;
  #wake = () => {};
  #heard = Date.now();
  #timer;
  #stopListening = () => {};

  constructor(socket, signal) {
    this.#socket = socket;
    socket.addEventListener("open", () => this.#hear({ opened: true }));
    socket.addEventListener("message", ({ data }) => this.#hear(JSON.parse(data)));
    socket.addEventListener("error", () => this.#lose(new Lost("no connection")));
    socket.addEventListener("close", ({ code, reason }) => this.#lose(closed(code, reason)));
    const end = () => this.#lose(new Lost("ended"));
    signal?.addEventListener("abort", end);
    this.#stopListening = () => signal?.removeEventListener("abort", end);
    // Pages cannot see the pings of the server, and must notice a dead connection themselves.
    this.#timer = setInterval(() => this.#ping(), PING);
  }

  opened = () => this.#within(TIMEOUT);

  send(frame) {
    this.#socket.send(JSON.stringify(frame));
  }

  /** Send a frame and wait for its answer. */
  async ask(id, wish) {
    this.send({ id, ...wish });
    for (;;) {
      const frame = await this.#within(TIMEOUT);
      if (frame.id !== id) continue;
      if (frame.error) throw failure(frame.error.code, frame.error.message);
      return frame;
    }
  }

  /** The next frame; what came before the connection was lost is handed out first. */
  async next() {
    while (!this.#frames.length) {
      if (this.#lost) throw this.#lost;
      await new Promise((resolve) => (this.#wake = resolve));
    }
    return this.#frames.shift();
  }

  close() {
    clearInterval(this.#timer);
    this.#stopListening();
    if (this.#socket.readyState < 2) this.#socket.close();
  }

  async #within(milliseconds) {
    const timer = setTimeout(() => this.#lose(new Lost("no answer")), milliseconds);
    try {
      return await this.next();
    } finally {
      clearTimeout(timer);
    }
  }

  #ping() {
    if (Date.now() - this.#heard > 2 * PING) this.#lose(new Lost("no sign of life"));
    else if (this.#socket.readyState === 1) this.send({ id: 0, ping: {} });
  }

  #hear(frame) {
    this.#heard = Date.now();
    this.#frames.push(frame);
    this.#wake();
  }

  #lose(error) {
    // A failed socket says "error" first and why in "close", which is the better reason.
    if (!this.#lost || error instanceof Refused) this.#lost = error;
    this.#wake();
  }
}

function closed(code, reason) {
  const text = `${code} ${reason}`;
  return code >= 4400 && code < 4500 ? new Refused(code, reason) : new Lost(text);
}

/** What an HTTP status means: whether another attempt may have another result. */
function failure(status, message) {
  const isFinal = status >= 400 && status < 500 && ![408, 409, 429].includes(status);
  return isFinal ? new Refused(status, message) : new Lost(`${status} ${message}`);
}

function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
