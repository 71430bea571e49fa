/**
 * The page's side of the worker: promises instead of messages.
 *
 * @module
 */

/**
 * A face as the page gets it.
 * @typedef {import("./recognize.js").Face & {id?: number}} ShownFace
 */

/** @typedef {{width: number, height: number, faces: ShownFace[], milliseconds: number}} Answer */

export class Engine {
  constructor() {
    this.worker = startWorker(new URL("./worker.js", import.meta.url));
    this.next = 0;
    /** @type {Map<number, {resolve: (answer: any) => void, reject: (error: Error) => void}>} */
    this.waiting = new Map();
    /** @type {Error | undefined} why there will be no more answers */
    this.stopped = undefined;
    this.worker.onmessage = ({ data: { id, answer, problem } }) => {
      const { resolve, reject } = /** @type {any} */ (this.waiting.get(id));
      this.waiting.delete(id);
      if (problem) reject(new Error(problem));
      else resolve(answer);
    };
    this.worker.onerror = ({ message }) => {
      this.stopped = new Error(message || "stopped");
      for (const { reject } of this.waiting.values()) reject(this.stopped);
      this.waiting.clear();
    };
  }

  /**
   * @param {string} call
   * @param {object} request
   * @param {Transferable[]} transfer
   * @returns {Promise<any>}
   */
  ask(call, request = {}, transfer = []) {
    if (this.stopped) return Promise.reject(this.stopped);
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, call, ...request }, transfer);
    });
  }

  /**
   * Open a model by the name of its folder.
   * @param {string} name
   * @returns {Promise<{spec: import("./recognize.js").Spec}>}
   */
  open(name) {
    return this.ask("open", { name });
  }

  /**
   * The faces of a picture, which is given away.
   * @param {ImageBitmap} bitmap
   * @param {number | null} seconds when a live frame was taken; `null` for a picture of its own
   * @returns {Promise<Answer>}
   */
  recognize(bitmap, seconds = null) {
    return this.ask("recognize", { bitmap, seconds }, [bitmap]);
  }

  /** Begin a new camera or video: nobody is known. */
  forget() {
    return this.ask("forget");
  }
}

/**
 * A worker that the page's Content-Security-Policy binds. One that is loaded over http has the policy
 * of its own answer, and a server of plain files sends none; one from a blob has the page's.
 * @param {URL} url of its module
 */
function startWorker(url) {
  const code = new Blob([`import ${JSON.stringify(url.href)};`], { type: "text/javascript" });
  return new Worker(URL.createObjectURL(code), { type: "module" });
}
