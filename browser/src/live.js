/**
 * The camera on the stage, and recordings of what it shows.
 *
 * @module
 */

import { Camera, explainCamera } from "./camera.js";
import { Sights } from "./sights.js";
import { at } from "./stage.js";
import { clock, Timeline } from "./timeline.js";

/** @typedef {import("./engine.js").ShownFace} ShownFace */
/** @typedef {import("./timeline.js").Moment} Moment */
/** @typedef {Promise<Blob | null>} Still a JPEG that is being made */

const SLOW = 150; // milliseconds a frame from which on the small model is taken
const JUDGED = 30; // frames
const STILL_EVERY = 0.5; // seconds between the pictures of a recording
const STILL_WIDTH = 480; // pixels
const STILL_QUALITY = 0.85; // of JPEG: some 20 kB a picture instead of 700 kB of bare pixels
const COUNTED = 2; // seconds in which frames are counted
const PLAY_EVERY = 100; // milliseconds

export class Live {
  /**
   * @param {import("./stage.js").Stage} stage
   * @param {() => void} afterwards what is shown when the camera stops
   * @param {() => Promise<boolean>} lighten take a smaller model; false if there is none
   */
  constructor(stage, afterwards, lighten) {
    this.stage = stage;
    this.afterwards = afterwards;
    this.lighten = lighten;
    this.camera = new Camera(stage.video);
    /** @type {{timeline: Timeline, stills: Map<number, Still>, begun?: number} | null} */
    this.recording = null;
  }

  async toggle() {
    if (this.stage.mode !== "camera") await this.start();
    else if (this.recording) this.stopRecording();
    else this.afterwards();
  }

  async start() {
    const { stage, camera } = this;
    const turn = stage.enter("camera");
    stage.onLeave = () => {
      camera.stop();
      this.recording = null;
      at("model").disabled = false;
      at("record").textContent = "Record";
    };
    const wanted = () => turn === stage.turn;
    camera.onEnd = (error) => wanted() && this.leave(explainCamera(error));
    try {
      await camera.start(at("cameras").value, wanted);
    } catch (error) {
      if (wanted()) this.leave(explainCamera(error));
      return;
    }
    if (!wanted()) return;
    stage.setMirrored(camera.facesUser);
    stage.hint("The last half minute is below.");
    try {
      await this.fillCameras();
      await stage.engine.forget();
      await this.watch(turn);
    } catch {
      if (wanted()) this.leave("The live view stopped: a frame could not be read. Start it again.");
    }
  }

  /** Whether there is something of a recording that would be lost. */
  get recorded() {
    return Boolean(this.recording?.timeline.moments.length);
  }

  /**
   * Turn the camera off; a recording under way ends, and is kept.
   * @param {string} why a sentence; empty where the visitor knows
   */
  leave(why = "") {
    if (this.recorded) this.stopRecording();
    else this.afterwards();
    this.stage.say(why);
  }

  /** @param {number} turn */
  async watch(turn) {
    const { stage, camera } = this;
    const started = performance.now();
    const sights = new Sights();
    /** @type {number[]} when the last frames were shown, in seconds */
    let shown = [];
    for (;;) {
      const bitmap = await camera.frame();
      if (turn !== stage.turn || !bitmap) return;
      const seconds = (performance.now() - started) / 1000;
      const answer = await stage.engine.recognize(bitmap, seconds);
      if (turn !== stage.turn) return;
      const faces = sights.settle(answer.faces, seconds);
      stage.show({ ...answer, faces });
      const now = (performance.now() - started) / 1000;
      shown = [...shown.filter((time) => time > now - COUNTED), now];
      stage.measured(answer.milliseconds, shown.length / Math.min(COUNTED, now));
      stage.timeline.add(seconds, faces);
      stage.drawTime(null);
      this.keep(seconds, faces);
      if (
        !this.recording &&
        stage.times.length >= JUDGED &&
        stage.times.every((time) => time > SLOW)
      ) {
        stage.times = [];
        const lighter = await this.lighten();
        if (turn !== stage.turn) return;
        if (lighter) stage.hint("This device is slow: the fast model reads it now.");
      }
    }
  }

  async fillCameras() {
    const menu = at("cameras");
    const devices = await this.camera.list();
    menu.replaceChildren(
      ...devices.map(({ deviceId, label }, i) => new Option(label || `Camera ${i + 1}`, deviceId)),
    );
    menu.value = this.camera.id;
    menu.hidden = devices.length < 2;
  }

  toggleRecording() {
    if (this.recording) this.stopRecording();
    else if (this.stage.mode === "camera" && !at("record").disabled) {
      this.recording = { timeline: new Timeline(), stills: new Map() };
      at("model").disabled = true; // one model reads a recording
      at("record").textContent = "Stop recording";
    }
  }

  /**
   * Add a moment to the recording, and twice a second a small picture.
   * @param {number} seconds
   * @param {ShownFace[]} faces
   */
  keep(seconds, faces) {
    if (!this.recording) return;
    this.recording.begun ??= seconds;
    seconds -= this.recording.begun;
    this.recording.timeline.add(seconds, faces);
    at("record").textContent = `Stop recording (${clock(seconds)})`;
    const slot = Math.floor(seconds / STILL_EVERY);
    if (this.recording.stills.has(slot)) return;
    const { video } = this.stage;
    const scale = Math.min(1, STILL_WIDTH / video.videoWidth);
    const still = document.createElement("canvas");
    Object.assign(still, { width: video.videoWidth * scale, height: video.videoHeight * scale });
    still.getContext("2d")?.drawImage(video, 0, 0, still.width, still.height);
    const jpeg = /** @type {Still} */ (
      new Promise((resolve) => still.toBlob(resolve, "image/jpeg", STILL_QUALITY))
    );
    this.recording.stills.set(slot, jpeg);
  }

  stopRecording() {
    const { stage, recording } = this;
    if (!recording?.timeline.moments.length) return this.afterwards();
    const { videoWidth: width, videoHeight: height } = stage.video;
    const turn = stage.enter("recording");
    stage.timeline = recording.timeline;
    stage.unsaved = true;
    stage.tell("Your recording, on this page only");
    const stills = [...recording.stills];
    /** @type {Still | undefined} the one that is painted, or will be */
    let wanted;
    const paint = async (/** @type {Still} */ still) => {
      if (still === wanted) return;
      wanted = still;
      const jpeg = await still;
      const picture = jpeg && (await createImageBitmap(jpeg));
      if (picture && still === wanted && turn === stage.turn) stage.paint(picture, width, height);
      picture?.close();
    };
    stage.onScrub = (seconds) => {
      const moment = stage.timeline.nearest(seconds);
      const slot = moment.seconds / STILL_EVERY;
      const [, still] = stills.findLast(([taken]) => taken <= slot) ?? stills[0];
      paint(still);
      stage.show({ width, height, faces: moment.faces });
      stage.drawTime(moment.seconds);
    };
    stage.jump(stage.timeline.moments[0].seconds);
    this.makePlayable();
  }

  /** Let the Play button go through the recording as fast as it was made. */
  makePlayable() {
    const { stage } = this;
    const { moments } = stage.timeline;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    let timer;
    const pause = () => {
      clearInterval(timer);
      timer = undefined;
      at("play").textContent = "Play";
    };
    stage.onLeave = pause;
    stage.onPlay = () => {
      if (timer) return pause();
      at("play").textContent = "Pause";
      const last = /** @type {Moment} */ (moments.at(-1)).seconds;
      const from = stage.now < last ? stage.now : moments[0].seconds;
      const begun = performance.now();
      timer = setInterval(() => {
        const seconds = from + (performance.now() - begun) / 1000;
        stage.jump(seconds);
        if (seconds >= last) pause();
      }, PLAY_EVERY);
    };
    at("play").hidden = false;
  }
}
