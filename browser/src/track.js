/**
 * Faces through time: who is who from frame to frame, and labels that do not flicker. The rules and
 * their numbers are those of `fer/vision/track.py`, where they were measured.
 *
 * @module
 */

import { UNSURE } from "./recognize.js";
import { cutOut, shrinkArea } from "./image.js";

/** @typedef {import("./recognize.js").Face} Face */
/** @typedef {import("./image.js").Picture} Picture */

/**
 * A face as last seen.
 * @typedef {{id: number, seen: number, centre: number[], side: number, velocity: number[],
 *   look: number[], probabilities: number[], label: string, rival: string, rivalSince: number}} Track
 */

const BREAK = 2.0; // seconds without any frame after which nothing is known any more
const KEEP = 0.5; // seconds of missed detections that an id survives
/** Seconds after which an observation weighs half. */
export const HALF_LIFE = 0.3;
const VELOCITY_HALF_LIFE = 0.15;
const LOOK_HALF_LIFE = 0.5;
const MARGIN = 0.1; // by how much another label must lead to be shown at once
const PATIENCE = 0.5; // or how many seconds it must have led
const LOOK_SIDE = 4;
const LOOK_SCALE = 0.01;
const MIN_LIKENESS = 0.1;

/** The faces of one camera or video. */
export class Tracker {
  /**
   * @param {string[]} labels
   * @param {number} unsureBelow
   */
  constructor(labels, unsureBelow) {
    this.labels = labels;
    this.unsureBelow = unsureBelow;
    /** @type {Track[]} */
    this.known = [];
    this.nextId = 1;
    this.seconds = 0;
  }

  /**
   * The faces of the next frame with their numbers, smoothed probabilities and settled labels.
   * @param {Face[]} faces
   * @param {Picture} picture
   * @param {number} seconds when the frame was taken
   * @returns {(Face & {id: number})[]}
   */
  update(faces, picture, seconds) {
    seconds = Math.max(seconds, this.seconds);
    const known =
      seconds - this.seconds > BREAK
        ? []
        : this.known.filter((track) => this.seconds - track.seen <= KEEP + 1e-6);
    const seen = faces.map((face) => sighting(face, picture, seconds));
    const partners = match(known, seen);
    const current = seen.map((face, i) => {
      const partner = partners[i];
      return partner === null ? { ...face, id: this.nextId++ } : this.follow(known[partner], face);
    });
    const missed = known.filter((_, i) => !partners.includes(i));
    this.known = [...current, ...missed];
    this.seconds = seconds;
    return faces.map((face, i) => this.told(face, current[i]));
  }

  /**
   * @param {Face} face
   * @param {Track} track
   */
  told(face, { id, probabilities, label }) {
    const top = probabilities.indexOf(Math.max(...probabilities));
    const shown = label === UNSURE ? top : this.labels.indexOf(label);
    const bestGuess = this.labels[top];
    return { ...face, id, probabilities, label, bestGuess, confidence: probabilities[shown] };
  }

  /**
   * @param {Track} track
   * @param {Track} face
   * @returns {Track}
   */
  follow(track, face) {
    const elapsed = face.seen - track.seen;
    const moved =
      elapsed > 0 ? face.centre.map((c, i) => (c - track.centre[i]) / elapsed) : track.velocity;
    return this.settle({
      ...track,
      seen: face.seen,
      centre: face.centre,
      side: face.side,
      velocity: blend(track.velocity, moved, elapsed, VELOCITY_HALF_LIFE),
      look: blend(track.look, face.look, elapsed, LOOK_HALF_LIFE),
      probabilities: blend(track.probabilities, face.probabilities, elapsed, HALF_LIFE),
    });
  }

  /**
   * Change the label where another leads clearly, or has led long enough; at once where it is no
   * longer as probable as a label must be.
   * @param {Track} track
   * @returns {Track}
   */
  settle(track) {
    const confidence = Math.max(...track.probabilities);
    const best = this.labels[track.probabilities.indexOf(confidence)];
    const rival = confidence >= this.unsureBelow ? best : UNSURE;
    if (rival === track.label) return { ...track, rival, rivalSince: track.seen };
    const held =
      track.label === UNSURE
        ? this.unsureBelow
        : track.probabilities[this.labels.indexOf(track.label)];
    const since = rival === track.rival ? track.rivalSince : track.seen;
    const clear = held < this.unsureBelow || confidence - held >= MARGIN;
    if (clear || track.seen - since >= PATIENCE) {
      return { ...track, label: rival, rival, rivalSince: track.seen };
    }
    return { ...track, rival, rivalSince: since };
  }
}

/**
 * A face as the track that it would begin, without a number.
 * @param {Face} face
 * @param {Picture} picture
 * @param {number} seconds
 * @returns {Track}
 */
function sighting({ box: [x0, y0, x1, y1], probabilities, label }, picture, seconds) {
  return {
    id: 0,
    seen: seconds,
    centre: [(x0 + x1) / 2, (y0 + y1) / 2],
    side: Math.max((x1 - x0 + y1 - y0) / 2, 1),
    velocity: [0, 0],
    look: lookOf(picture, x0, y0, x1, y1),
    probabilities,
    label,
    rival: label,
    rivalSince: seconds,
  };
}

/**
 * What a face looks like: the shares of red and green in a grid of 4 × 4 colours.
 * @param {Picture} picture
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 * @returns {number[]}
 */
export function lookOf(picture, x0, y0, x1, y1) {
  const width = x1 - x0;
  const height = y1 - y0;
  const cells = LOOK_SIDE * LOOK_SIDE;
  if (width < LOOK_SIDE || height < LOOK_SIDE) return new Array(2 * cells).fill(0);
  const part = cutOut(picture, x0, y0, x1, y1);
  const colors = shrinkArea(part.data, width, height, 4, LOOK_SIDE, LOOK_SIDE);
  const look = [];
  for (let i = 0; i < cells; i++) {
    const light = colors[4 * i] + colors[4 * i + 1] + colors[4 * i + 2] + 30; // the dark has no colour
    look.push(colors[4 * i] / light, colors[4 * i + 1] / light);
  }
  return look;
}

/**
 * How much two looks are alike, 0..1; where a part is covered, by the rest.
 * @param {number[]} a
 * @param {number[]} b
 */
function likeness(a, b) {
  const differences = [];
  for (let i = 0; i < a.length; i += 2) {
    differences.push((Math.abs(a[i] - b[i]) + Math.abs(a[i + 1] - b[i + 1])) / 2);
  }
  differences.sort((p, q) => p - q);
  const middle = differences.length / 2;
  const median = (differences[middle - 1] + differences[middle]) / 2;
  return Math.exp(-median / LOOK_SCALE);
}

/**
 * How well a track fits a sighting: nearness, moved on at constant velocity or left where it was,
 * times likeness; 0 where they cannot be the same.
 * @param {Track} track
 * @param {Track} face
 */
function similarity(track, face) {
  const elapsed = face.seen - track.seen;
  /** @param {number} time */
  const distance = (time) =>
    Math.max(
      ...face.centre.map((c, i) => Math.abs(track.centre[i] + track.velocity[i] * time - c)),
    );
  const nearness = 1 - Math.min(distance(elapsed), distance(0)) / ((track.side + face.side) / 2);
  const ratio = track.side / face.side;
  return nearness > 0 && ratio > 0.5 && ratio < 2 ? nearness * likeness(track.look, face.look) : 0;
}

/**
 * For every sighting its track's index, or null; the best pairs first, no track twice.
 * @param {Track[]} known
 * @param {Track[]} seen
 * @returns {(number | null)[]}
 */
function match(known, seen) {
  const pairs = known.flatMap((track, i) =>
    seen.map((face, j) => ({ i, j, score: similarity(track, face) })),
  );
  /** @type {(number | null)[]} */
  const partners = seen.map(() => null);
  for (const { i, j, score } of pairs.sort((a, b) => b.score - a.score)) {
    if (score < MIN_LIKENESS) break;
    if (partners[j] === null && !partners.includes(i)) partners[j] = i;
  }
  return partners;
}

/**
 * `before` decays by half in every `halfLife` seconds, and `now` takes its place.
 * @param {number[]} before
 * @param {number[]} now
 * @param {number} elapsed
 * @param {number} halfLife
 */
function blend(before, now, elapsed, halfLife) {
  const weight = 0.5 ** (elapsed / halfLife);
  return before.map((value, i) => weight * value + (1 - weight) * now[i]);
}
