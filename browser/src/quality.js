/**
 * Whether a face can be read at all: the rule and the limits of `fer/vision/quality.py`.
 *
 * @module
 */

import { cutSquare, resizeSquare } from "./image.js";

/** @typedef {import("./image.js").Picture} Picture */
/** @typedef {"good" | "small" | "dark" | "blurred" | "turned"} Quality */

const SMALLEST = 40; // pixels: below, a face is enlarged from less than the network was made for
const DARKEST = 40; // mean grey level
const FLATTEST = 12; // standard deviation in grey levels
const BLURRIEST = 14; // mean square of the Laplacian over the variance, times 100
const TURNED = 0.5; // the nose's distance from the middle of the eyes, in distances between them

/**
 * What is wrong with a face, if anything; of several the first.
 * @param {Picture} picture
 * @param {number[]} box x0 y0 x1 y1, the part in the picture of the square that is classified
 * @param {number[][]} landmarks
 * @returns {Quality}
 */
export function qualityOf(picture, [x0, y0, x1, y1], landmarks) {
  const side = Math.max(x1 - x0, y1 - y0);
  if (side < SMALLEST) return "small";
  const left = begin(x0, x1, side, picture.width);
  const top = begin(y0, y1, side, picture.height);
  const { mean, deviation, detail } = measure(
    resizeSquare(cutSquare(picture, left, top, side), side, 48),
  );
  if (mean < DARKEST || deviation < FLATTEST) return "dark";
  if (detail < BLURRIEST) return "blurred";
  return Math.abs(turn(landmarks)) > TURNED ? "turned" : "good";
}

/**
 * Where `side` pixels begin of which a picture of `length` shows `first` to `last`; of those that are
 * cut at both ends the middle is taken for that of the whole.
 * @param {number} first
 * @param {number} last
 * @param {number} side
 * @param {number} length
 */
function begin(first, last, side, length) {
  if (first > 0 || last - first === side) return first;
  return last < length ? last - side : Math.floor((first + last - side) / 2);
}

/**
 * Where the nose is between the eyes: 0 in the middle, ±0.5 at an eye.
 * @param {number[][]} landmarks
 */
function turn([eye1, eye2, nose]) {
  const across = [eye2[0] - eye1[0], eye2[1] - eye1[1]];
  const length = across[0] ** 2 + across[1] ** 2 || 1;
  return ((nose[0] - eye1[0]) * across[0] + (nose[1] - eye1[1]) * across[1]) / length - 0.5;
}

/**
 * Mean, standard deviation and relative detail of a patch of 48×48 grey values.
 * @param {Uint8Array} patch
 */
function measure(patch) {
  const size = 48;
  let sum = 0;
  let squares = 0;
  for (const value of patch) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / patch.length;
  const variance = Math.max(squares / patch.length - mean * mean, 1e-6);
  let edges = 0;
  for (let y = 1; y < size - 1; y++) {
    for (let x = 1; x < size - 1; x++) {
      const i = y * size + x;
      const laplacian =
        4 * patch[i] - patch[i - 1] - patch[i + 1] - patch[i - size] - patch[i + size];
      edges += laplacian * laplacian;
    }
  }
  const detail = (100 * edges) / (size - 2) ** 2 / variance;
  return { mean, deviation: Math.sqrt(variance), detail };
}
