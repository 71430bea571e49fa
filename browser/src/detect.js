/**
 * YuNet: a small network that finds faces and five landmarks in each; see `fer/vision/yunet.py`.
 *
 * @module
 */

import { resize } from "./image.js";

/** @typedef {import("./image.js").Picture} Picture */

/**
 * A detected face, in pixels of the picture.
 * @typedef {{box: number[], score: number, landmarks: number[][]}} Detection
 */

const STRIDES = [8, 16, 32];
const PARTS = ["cls", "obj", "bbox", "kps"];
const MIN_SCORE = 0.7;
const OVERLAP = 0.3;

const PHOTO_SIZES = [1024, 2048]; // a photo is searched at `PHOTO_SHARE` of its width, within these
const PHOTO_SHARE = 0.4;
const MOST_ENLARGED = 2; // times that a small photo is enlarged, for faces of 20 pixels

/** Working size for a live view. */
export const STREAM_SIZE = 320;

/**
 * The faces of a picture, most certain first.
 *
 * A photo is looked at twice: large, so that small faces are found, and small, for faces that are
 * larger than the network can grasp.
 * @param {import("onnxruntime-web")} ort
 * @param {import("onnxruntime-web").InferenceSession} session
 * @param {Picture} picture
 * @param {number} [workingSize] at which a frame of a camera or a video is looked at, once
 * @returns {Promise<Detection[]>}
 */
export async function detect(ort, session, picture, workingSize) {
  const small = await look(ort, session, picture, workingSize ?? STREAM_SIZE, 1);
  if (workingSize !== undefined) return suppress(small);
  const wide = Math.sqrt((picture.width * picture.height) / 0.75);
  const size = Math.round(Math.min(Math.max(PHOTO_SHARE * wide, PHOTO_SIZES[0]), PHOTO_SIZES[1]));
  const large = await look(ort, session, picture, size, MOST_ENLARGED);
  return suppress([...large, ...small]);
}

/**
 * Candidates in a copy with the area of a 4:3 picture that is `workingSize` wide, so that any shape
 * costs the same.
 * @param {import("onnxruntime-web")} ort
 * @param {import("onnxruntime-web").InferenceSession} session
 * @param {Picture} picture
 * @param {number} workingSize
 * @param {number} most times that a smaller picture is enlarged
 * @returns {Promise<Detection[]>} in pixels of the picture
 */
async function look(ort, session, picture, workingSize, most) {
  const fits = Math.sqrt((0.75 * workingSize ** 2) / (picture.width * picture.height));
  const scale = Math.min(most, fits);
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const { blob, columns, rows } = padded(resize(picture, width, height), width, height);
  const input = new ort.Tensor("float32", blob, [1, 3, rows, columns]);
  const answers = await session.run({ input });
  const found = STRIDES.flatMap((stride) => {
    const parts = PARTS.map(
      (part) => /** @type {Float32Array} */ (answers[`${part}_${stride}`].data),
    );
    return decode(parts, stride, columns / stride);
  });
  return found.map(({ box, score, landmarks }) => ({
    box: box.map((value) => value / scale),
    score,
    landmarks: landmarks.map((point) => point.map((value) => value / scale)),
  }));
}

/**
 * Blue, green and red planes 0..255, padded with black to whole strides at the right and below.
 * @param {Uint8Array | Uint8ClampedArray} pixels RGBA
 * @param {number} width
 * @param {number} height
 */
function padded(pixels, width, height) {
  const multiple = STRIDES[STRIDES.length - 1];
  const columns = Math.ceil(width / multiple) * multiple;
  const rows = Math.ceil(height / multiple) * multiple;
  const plane = rows * columns;
  const blob = new Float32Array(3 * plane);
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0, i = y * columns; x < width; x++, i++, p += 4) {
      blob[i] = pixels[p + 2];
      blob[plane + i] = pixels[p + 1];
      blob[2 * plane + i] = pixels[p];
    }
  }
  return { blob, columns, rows };
}

/**
 * Candidates of one map: offsets from a place in strides, logarithms of sizes, the geometric mean of
 * two scores.
 * @param {Float32Array[]} parts
 * @param {number} stride
 * @param {number} columns
 * @returns {Detection[]}
 */
function decode([classes, objects, offsets, marks], stride, columns) {
  /** @param {number} value */
  const unit = (value) => Math.min(Math.max(value, 0), 1);
  const found = [];
  for (let i = 0; i < classes.length; i++) {
    const score = Math.sqrt(unit(classes[i]) * unit(objects[i]));
    if (score < MIN_SCORE) continue;
    const column = i % columns;
    const row = Math.floor(i / columns);
    const x = (column + offsets[4 * i]) * stride;
    const y = (row + offsets[4 * i + 1]) * stride;
    const w = Math.exp(offsets[4 * i + 2]) * stride;
    const h = Math.exp(offsets[4 * i + 3]) * stride;
    const landmarks = [0, 1, 2, 3, 4].map((k) => [
      (column + marks[10 * i + 2 * k]) * stride,
      (row + marks[10 * i + 2 * k + 1]) * stride,
    ]);
    found.push({ box: [x - w / 2, y - h / 2, x + w / 2, y + h / 2], score, landmarks });
  }
  return found;
}

/**
 * Of two boxes with a higher overlap the more certain one remains (intersection over union).
 * @param {Detection[]} found
 */
function suppress(found) {
  const kept = /** @type {Detection[]} */ ([]);
  for (const face of [...found].sort((a, b) => b.score - a.score)) {
    if (kept.every((other) => overlap(face.box, other.box) <= OVERLAP)) kept.push(face);
  }
  return kept;
}

/**
 * Intersection over union of two boxes x0 y0 x1 y1.
 * @param {number[]} a
 * @param {number[]} b
 */
export function overlap(a, b) {
  const shared =
    Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) *
    Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  /** @param {number[]} box */
  const area = (box) => (box[2] - box[0]) * (box[3] - box[1]);
  return shared / (area(a) + area(b) - shared);
}
