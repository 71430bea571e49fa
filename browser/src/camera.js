/**
 * The visitor's camera: start, stop, and one frame after another.
 *
 * @module
 */

const SENTENCES = /** @type {Record<string, string>} */ ({
  NotAllowedError:
    "The browser did not allow the camera. Allow it in the address bar, or open a picture.",
  NotFoundError: "No camera was found. Connect one, or open a picture or a video.",
  NotReadableError: "Another program is using the camera. Close it and start again.",
  ended: "The camera stopped: it was unplugged, or taken away. Start it again, or open a picture.",
  insecure: "Browsers give the camera only to pages opened over https. Open a picture instead.",
});

/**
 * What to do when a camera cannot be started, or stopped by itself.
 * @param {unknown} error
 */
export function explainCamera(error) {
  const name = nameOf(error);
  return SENTENCES[name] ?? "The camera could not be started. Reload the page, or open a picture.";
}

/** @param {unknown} error */
const nameOf = (error) => (error instanceof Error ? error.name : "");

/** @param {string} name */
const named = (name) => Object.assign(new Error(), { name });

export class Camera {
  /** @param {HTMLVideoElement} video where it is shown */
  constructor(video) {
    this.video = video;
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {(error: Error) => void} called when it stops by itself */
    this.onEnd = () => {};
  }

  /**
   * @param {string} id of the device; empty for the one that faces the user
   * @param {() => boolean} wanted asked when the visitor has allowed it: they may have gone on to
   *   something else while the browser asked, and then nothing may stay on
   */
  async start(id, wanted) {
    if (!navigator.mediaDevices) throw named("insecure");
    const stream = await ask(id);
    if (!wanted()) return turnOff(stream);
    for (const track of stream.getTracks()) track.onended = () => this.onEnd(named("ended"));
    this.stream = stream;
    this.video.srcObject = stream;
    await this.video.play();
  }

  stop() {
    turnOff(this.stream);
    this.stream = null;
    this.video.srcObject = null;
  }

  get settings() {
    return this.stream?.getVideoTracks()[0]?.getSettings() ?? {};
  }

  get id() {
    return this.settings.deviceId ?? "";
  }

  /** Whether people expect to see themselves as in a mirror. */
  get facesUser() {
    return this.settings.facingMode !== "environment";
  }

  async list() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter(({ kind }) => kind === "videoinput");
  }

  /**
   * The next frame that the camera delivers; nothing once it was stopped.
   * @returns {Promise<ImageBitmap | null>}
   */
  async frame() {
    await new Promise((resolve) => {
      if ("requestVideoFrameCallback" in this.video) this.video.requestVideoFrameCallback(resolve);
      else requestAnimationFrame(resolve);
      setTimeout(resolve, 1000); // a page in the background gets no frames
    });
    return this.stream ? createImageBitmap(this.video) : null;
  }
}

/**
 * Ask the browser for a camera; for any where the chosen one is gone.
 * @param {string} id of the device; empty for the one that faces the user
 * @returns {Promise<MediaStream>}
 */
async function ask(id) {
  const which = id ? { deviceId: { exact: id } } : { facingMode: "user" };
  const video = { width: { ideal: 640 }, height: { ideal: 480 }, ...which };
  try {
    return await navigator.mediaDevices.getUserMedia({ video });
  } catch (error) {
    if (!id || nameOf(error) !== "OverconstrainedError") throw error;
    return ask("");
  }
}

/** @param {MediaStream | null} stream */
function turnOff(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
