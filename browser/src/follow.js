/**
 * Frame after frame: the whole frame twice a second, in between only where faces are known to be, and
 * a model's two views in turn. The rules and their numbers are those of `fer/vision/stream.py`, where
 * they were measured.
 *
 * @module
 */

import { STREAM_SIZE, overlap } from "./detect.js";
import { cutOut, roundEven } from "./image.js";
import { HALF_LIFE, Tracker } from "./track.js";

/** @typedef {import("./image.js").Picture} Picture */
/** @typedef {import("./detect.js").Detection} Detection */
/** @typedef {import("./recognize.js").Face} Face */

const SEARCH_EVERY = 0.5; // seconds that a new face may wait
const MOST_SEARCHED = 0.45; // of a whole search, from which on that is faster
const MARGIN = 0.25; // around a known face, in sides of it
const LARGEST = 85; // pixels to which a known face's side is reduced
const SOON = HALF_LIFE / 2; // seconds within which a model's two views are taken in turn

/** One camera or video. */
export class Follower {
  /** @param {import("./recognize.js").Recognizer} recognizer */
  constructor(recognizer) {
    this.recognizer = recognizer;
    this.tracker = new Tracker(recognizer.spec.labels, recognizer.spec.unsure_below);
    this.searched = -Infinity; // when the whole frame was searched last
    this.mirrored = false; // whether the last frame's faces were seen mirrored
  }

  /**
   * The faces of the next frame, followed.
   * @param {Picture} picture
   * @param {number} seconds when it was taken
   * @returns {Promise<(Face & {id: number})[]>}
   */
  async next(picture, seconds) {
    let found = await this.near(picture, seconds);
    if (found.length === 0) {
      // Nobody is known, or somebody moved too far, or is hidden, or has left.
      found = await this.recognizer.detect(picture, STREAM_SIZE);
      this.searched = seconds;
    }
    const { known, seconds: before } = this.tracker;
    const soon = known.length > 0 && seconds >= before && seconds - before <= SOON;
    const mirrored = soon ? !this.mirrored : null;
    const faces = await this.recognizer.classify(picture, found, mirrored);
    this.mirrored = mirrored ?? false;
    return this.tracker.update(faces, picture, seconds);
  }

  /**
   * What is found where known faces should be; nothing where that is not worth it, or one is missing.
   * @param {Picture} picture
   * @param {number} seconds
   * @returns {Promise<Detection[]>}
   */
  async near(picture, seconds) {
    const { known, seconds: before } = this.tracker;
    const waited = seconds - this.searched;
    if (!(0 <= waited && waited < SEARCH_EVERY) || known.some(({ seen }) => seen < before))
      return [];
    const boxes = known.map((track) => expected(track, seconds));
    const places = regions(boxes, picture.width, picture.height);
    const sizes = places.map((place) => workingSize(place, boxes, picture.width, picture.height));
    const searched = sizes.reduce((sum, size) => sum + size ** 2, 0);
    if (searched >= MOST_SEARCHED * STREAM_SIZE ** 2) return [];
    const found = [];
    for (const [i, [x0, y0, x1, y1]] of places.entries()) {
      const part = await this.recognizer.detect(cutOut(picture, x0, y0, x1, y1), sizes[i]);
      found.push(...part.map((face) => moved(face, x0, y0)));
    }
    return found.length >= known.length ? found.sort((a, b) => b.score - a.score) : [];
  }
}

/**
 * Where a known face should be.
 * @param {import("./track.js").Track} track
 * @param {number} seconds
 * @returns {number[]} box
 */
function expected({ centre, velocity, side, seen }, seconds) {
  const [x, y] = centre.map((c, i) => c + velocity[i] * (seconds - seen));
  return [x - side / 2, y - side / 2, x + side / 2, y + side / 2];
}

/**
 * Where to look for faces that were in boxes: none overlaps another.
 * @param {number[][]} boxes
 * @param {number} width of the picture
 * @param {number} height
 * @returns {number[][]}
 */
function regions(boxes, width, height) {
  /** @param {number} value @param {number} most */
  const inside = (value, most) => Math.trunc(Math.min(Math.max(value, 0), most));
  let grown = boxes.map(([x0, y0, x1, y1]) => {
    const margin = roundEven(MARGIN * Math.max(x1 - x0, y1 - y0));
    return [
      inside(x0 - margin, width),
      inside(y0 - margin, height),
      inside(x1 + margin, width),
      inside(y1 + margin, height),
    ];
  });
  for (let pair = firstPair(grown); pair; pair = firstPair(grown)) {
    const [a, b] = pair;
    const union = [
      ...[0, 1].map((i) => Math.min(a[i], b[i])),
      ...[2, 3].map((i) => Math.max(a[i], b[i])),
    ];
    grown = [...grown.filter((box) => box !== a && box !== b), union];
  }
  return grown.filter(([x0, y0, x1, y1]) => x1 > x0 && y1 > y0);
}

/** @param {number[][]} boxes */
function firstPair(boxes) {
  for (const [i, a] of boxes.entries()) {
    for (const b of boxes.slice(i + 1)) if (overlap(a, b) > 0) return [a, b];
  }
  return null;
}

/**
 * At what size to look at a place: on the scale of a whole search, or smaller where all faces in it
 * are large.
 * @param {number[]} place
 * @param {number[][]} boxes
 * @param {number} width of the picture
 * @param {number} height
 */
function workingSize(place, boxes, width, height) {
  const scale = STREAM_SIZE * Math.sqrt(0.75 / (width * height));
  /** @param {number[]} box */
  const side = ([x0, y0, x1, y1]) => Math.max(x1 - x0, y1 - y0);
  const here = boxes.filter((box) => overlap(place, box) > 0);
  const smallest = Math.min(...here.map(side), Math.max(...boxes.map(side)));
  const area = (place[2] - place[0]) * (place[3] - place[1]);
  return Math.max(1, roundEven(Math.min(scale, LARGEST / smallest) * Math.sqrt(area / 0.75)));
}

/**
 * @param {Detection} face
 * @param {number} x
 * @param {number} y
 * @returns {Detection}
 */
function moved({ box, score, landmarks }, x, y) {
  return {
    box: [box[0] + x, box[1] + y, box[2] + x, box[3] + y],
    score,
    landmarks: landmarks.map(([a, b]) => [a + x, b + y]),
  };
}
