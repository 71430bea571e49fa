/**
 * Pictures on the stage: one is shown, all are in the gallery.
 *
 * @module
 */

import { annotated } from "./draw.js";
import { at } from "./stage.js";
import { record } from "./timeline.js";

/** @typedef {{file: File, url: string, image: HTMLCanvasElement, answer: import("./engine.js").Answer}} Shot */

export class Pictures {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {Shot[]} */
    this.shots = [];
    /** @type {Shot | undefined} */
    this.shown = undefined;
    /** @type {File | undefined} shown where nothing else was opened yet */
    this.example = undefined;
  }

  /** @param {File[]} files */
  async open(files) {
    const turn = this.stage.enter("picture");
    const before = this.shots;
    this.shots = [];
    const unreadable = [];
    for (const file of files) {
      this.stage.hint(`Reading ${file.name}…`);
      const shot = await this.read(file, turn);
      if (turn !== this.stage.turn) {
        if (!this.shots.length) this.shots = before;
        return;
      }
      if (!shot) unreadable.push(file.name);
      else this.shots.push(shot);
      if (this.shots.length === 1 && shot) this.show(shot);
      this.fillGallery();
    }
    if (this.shots.length) for (const { url } of before) URL.revokeObjectURL(url);
    else this.shots = before;
    if (this.shots.length && this.shown) this.show(this.shown);
    else this.stage.hint("");
    if (unreadable.length) {
      const names = unreadable.join(", ");
      this.stage.say(`This browser reads no picture in ${names}. Try JPEG, PNG, WebP or GIF.`);
    }
  }

  /**
   * @param {File} file
   * @param {number} turn in which it is read; the first picture is on the stage meanwhile
   * @returns {Promise<Shot | null>} nothing where it is no picture, or one that cannot be computed on
   */
  async read(file, turn) {
    const bitmap = await createImageBitmap(file).catch(() => null);
    if (!bitmap) return null;
    const image = document.createElement("canvas");
    Object.assign(image, { width: bitmap.width, height: bitmap.height });
    image.getContext("2d")?.drawImage(bitmap, 0, 0);
    if (turn === this.stage.turn && !this.shots.length) {
      this.stage.paint(image, bitmap.width, bitmap.height);
    }
    const answer = await this.analyse(bitmap, file === this.example).catch(() => null);
    if (!answer) return null;
    const took = answer.milliseconds.toFixed(0);
    at("speed").textContent = `${took} milliseconds for this picture (${this.stage.spec.title}).`;
    return { file, url: URL.createObjectURL(file), image, answer };
  }

  /**
   * @param {ImageBitmap} bitmap
   * @param {boolean} example it shows one large face: the one look of a live frame is enough, and
   *   much sooner there
   */
  async analyse(bitmap, example) {
    const { engine } = this.stage;
    if (!example) return engine.recognize(bitmap);
    // At once: a live view that begins meanwhile comes after both.
    const forgotten = engine.forget(); // who was before the camera is not in the example
    const answer = engine.recognize(bitmap, 0);
    return (await Promise.all([forgotten, answer]))[1];
  }

  /** @param {Shot} shot */
  show(shot) {
    this.shown = shot;
    this.stage.paint(shot.image, shot.answer.width, shot.answer.height);
    this.stage.show(shot.answer, `${shot.file.name}: `);
    this.stage.tell(shot.file.name);
    const example = shot.file === this.example;
    at("stage").classList.toggle("example", example);
    at("exports").hidden = example;
    this.fillGallery();
  }

  /** Show again what was shown before a camera or a video. */
  again() {
    if (!this.shots.length && this.example) return this.open([this.example]);
    this.stage.enter("picture");
    if (this.shots.length) this.show(this.shots[0]);
  }

  fillGallery() {
    at("gallery").hidden = this.shots.length < 2;
    /** @type {HTMLButtonElement[]} */
    const buttons = [...at("gallery").children];
    // Those that are there stay: one of them may have the focus.
    buttons.slice(this.shots.length).forEach((button) => button.remove());
    this.shots.forEach((shot, i) => {
      const button = buttons[i] ?? at("gallery").appendChild(document.createElement("button"));
      const image = button.querySelector("img") ?? button.appendChild(new Image());
      if (image.src !== shot.url) image.src = shot.url;
      image.alt = shot.file.name;
      button.setAttribute("aria-pressed", String(shot === this.shown));
      button.onclick = () => this.show(shot);
    });
  }

  /** One row a face. */
  rows() {
    const { labels } = this.stage.spec;
    return this.shots.flatMap(({ file, answer }) =>
      answer.faces.map((face) => ({ file: file.name, ...record(face, labels) })),
    );
  }

  /** The picture that is shown, its faces marked, as a PNG. */
  async png() {
    if (!this.shown) throw new Error("There is no picture");
    const { width, height } = this.shown.answer;
    return annotated(this.shown.image, this.stage.overlay, width, height);
  }
}
