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
  insecure: "Browsers give the camera only to pages opened over https. Open a picture instead.",
});

/**
 * What to do when a camera cannot be started.
 * @param {unknown} error
 */
export function explainCamera(error) {
  const name = error instanceof Error ? error.name : "";
  return SENTENCES[name] ?? "The camera could not be started. Reload the page, or open a picture.";
}

export class Camera {
  /** @param {HTMLVideoElement} video where it is shown */
  constructor(video) {
    this.video = video;
    /** @type {MediaStream | null} */
    this.stream = null;
  }

  /** @param {string} id of the device; empty for the one that faces the user */
  async start(id) {
    if (!navigator.mediaDevices) throw Object.assign(new Error(), { name: "insecure" });
    const which = id ? { deviceId: { exact: id } } : { facingMode: "user" };
    this.stream = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 640 }, height: { ideal: 480 }, ...which },
    });
    this.video.srcObject = this.stream;
    await this.video.play();
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
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
