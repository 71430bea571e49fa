/**
 * The stage: what is looked at, the faces found in it, and the panel that tells of them.
 *
 * @module
 */

import { drawFaces } from "./draw.js";
import { Engine } from "./engine.js";
import { fillLegend, hintFor, hush, showFaces, spoken } from "./panel.js";
import { clock, drawTimeline, Timeline } from "./timeline.js";

/** @typedef {import("./engine.js").Answer} Answer */
/** @typedef {"picture" | "camera" | "video" | "recording"} Mode */

/**
 * @param {string} id
 * @returns {any} the element; its kind is known where it is asked for
 */
export const at = (id) => document.getElementById(id);

/** Which parts of the page belong to which mode. */
const SHOWN = /** @type {Record<string, Mode[]>} */ ({
  video: ["camera", "video"],
  picture: ["picture", "recording"],
  time: ["camera", "video", "recording"],
  record: ["camera"],
  "live-tools": ["camera"],
  exports: ["video", "recording"],
  png: ["picture"],
  play: [],
  gallery: [],
});

const LIVE_SECONDS = 30; // of the timeline under a camera
const MEASURED = 60; // frames whose times are remembered

export class Stage {
  constructor() {
    this.engine = new Engine();
    /** @type {HTMLVideoElement} */
    this.video = at("video");
    /** @type {HTMLCanvasElement} */
    this.picture = at("picture");
    /** @type {SVGSVGElement} */
    this.overlay = at("overlay");
    /** @type {HTMLCanvasElement} */
    this.timelineCanvas = at("timeline");
    /** @type {Mode} */
    this.mode = "picture";
    this.mirrored = false;
    /** Counts what was shown, so that what comes late for something else is dropped. */
    this.turn = 0;
    this.timeline = new Timeline();
    /** Of the pictures that a video was read in, in pixels. */
    this.size = { width: 1, height: 1 };
    /** @type {number[]} milliseconds of the last frames */
    this.times = [];
    /** @type {(seconds: number) => void} */
    this.onScrub = () => {};
    /** @type {() => void} plays, or pauses */
    this.onPlay = () => {};
    /** @type {() => void} called when something else is shown */
    this.onLeave = () => {};
    /** Whether what is on the stage would be lost with it. */
    this.unsaved = false;
    /** @type {import("./recognize.js").Spec} */
    this.spec = /** @type {any} */ (undefined); // until the first model is open
    /** Of the model that read what is on the stage: another may have been chosen since. */
    this.made = this.spec;
  }

  /** @param {string} name folder of a model */
  async open(name) {
    ({ spec: this.spec } = await this.engine.open(name));
    if (this.mode === "camera") this.made = this.spec;
    this.times = [];
    fillLegend(at("legend"), this.spec.labels);
  }

  /**
   * Clear the stage for something else.
   * @param {Mode} mode
   * @returns {number} of this turn
   */
  enter(mode) {
    this.onLeave();
    this.onLeave = () => {};
    this.onScrub = this.onPlay = () => {};
    this.unsaved = false;
    this.made = this.spec;
    this.mode = mode;
    this.timeline = new Timeline(mode === "camera" ? LIVE_SECONDS : Infinity);
    this.overlay.replaceChildren();
    showFaces(at("answers"), [], this.spec);
    hush(at("spoken"));
    for (const [id, modes] of Object.entries(SHOWN)) at(id).hidden = !modes.includes(mode);
    at("advice").hidden = true;
    at("stage").classList.remove("example");
    at("camera").textContent = mode === "camera" ? "Stop camera" : "Start camera";
    this.setMirrored(false);
    this.say("");
    this.turn += 1;
    return this.turn;
  }

  /**
   * Say beside the stage what is on it, and what read it.
   * @param {string} what
   */
  tell(what) {
    this.hint(`${what}. Model: ${this.made.title}. Face detector: YuNet.`);
  }

  /** @param {string} text beside the stage */
  hint(text) {
    at("hint").textContent = text;
  }

  /** @param {string} problem a sentence on the stage; nothing takes it away */
  say(problem) {
    at("notice").textContent = problem;
    at("notice").hidden = !problem;
  }

  /** @param {boolean} on */
  setMirrored(on) {
    this.mirrored = on;
    at("stage").classList.toggle("mirrored", on);
    at("mirror").setAttribute("aria-pressed", String(on));
  }

  /**
   * Show a picture on the stage.
   * @param {CanvasImageSource} image
   * @param {number} width
   * @param {number} height
   */
  paint(image, width, height) {
    Object.assign(this.picture, { width, height });
    this.picture.getContext("2d")?.drawImage(image, 0, 0, width, height);
  }

  /**
   * Show the faces of what is on the stage.
   * @param {Pick<Answer, "faces" | "width" | "height">} answer
   * @param {string} picture what screen readers say before the faces of a picture
   */
  show({ faces, width, height }, picture = "") {
    drawFaces(this.overlay, faces, width, height, this.mirrored);
    showFaces(at("answers"), faces, this.made);
    const advice = hintFor(faces, this.mode);
    at("advice").textContent = advice;
    at("advice").hidden = !advice;
    spoken(at("spoken"), faces, picture);
  }

  /**
   * @param {number} milliseconds that a frame took
   * @param {number} [rate] frames a second that are read of a camera
   */
  measured(milliseconds, rate) {
    this.times = [...this.times.slice(1 - MEASURED), milliseconds];
    const median = [...this.times].sort((a, b) => a - b)[this.times.length >> 1];
    at("speed").textContent =
      `${median.toFixed(0)} milliseconds a frame (${this.spec.title})` +
      (rate === undefined ? "." : `; ${rate.toFixed(0)} frames a second are read.`);
  }

  /** The part of time that the timeline shows, in seconds. */
  get range() {
    const { moments } = this.timeline;
    const first = moments[0]?.seconds ?? 0;
    const last = moments.at(-1)?.seconds ?? 1;
    const { duration } = this.video;
    if (this.mode === "video") return [0, Number.isFinite(duration) ? duration : last];
    if (this.mode === "recording") return [first, last];
    return [Math.max(0, last - LIVE_SECONDS), Math.max(last, LIVE_SECONDS)];
  }

  /** @param {number | null} seconds the moment that is shown; `null` where it is now */
  drawTime(seconds) {
    const [from, to] = this.range;
    drawTimeline(this.timelineCanvas, this.timeline, from, to, seconds);
    this.timelineCanvas.setAttribute("aria-valuemin", from.toFixed(1));
    this.timelineCanvas.setAttribute("aria-valuemax", to.toFixed(1));
    this.timelineCanvas.setAttribute("aria-valuenow", (seconds ?? to).toFixed(1));
    this.timelineCanvas.setAttribute("aria-valuetext", clock(seconds ?? to));
  }

  /** Where the timeline's slider is, in seconds. */
  get now() {
    return Number(this.timelineCanvas.getAttribute("aria-valuenow"));
  }

  /** @param {PointerEvent} event on the timeline */
  scrub(event) {
    const box = this.timelineCanvas.getBoundingClientRect();
    const [from, to] = this.range;
    this.jump(from + ((event.clientX - box.left) / box.width) * (to - from));
  }

  /** @param {number} seconds */
  jump(seconds) {
    const [from, to] = this.range;
    if (this.mode === "camera" || !this.timeline.moments.length) return;
    this.onScrub(Math.min(Math.max(seconds, from), to));
  }
}
