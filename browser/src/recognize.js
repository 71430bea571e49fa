/**
 * A picture in, faces and their expressions out: detect, frame, crop, classify, as `fer/vision` does.
 *
 * @module
 */

import { cutSquare, resizeSquare, roundEven, turnSquare } from "./image.js";
import { detect } from "./detect.js";
import { qualityOf } from "./quality.js";

/** @typedef {import("./image.js").Picture} Picture */
/** @typedef {import("./detect.js").Detection} Detection */

/**
 * What `spec.json` says of a model; other keys are of no use here.
 * @typedef {{name: string, title: string, input_size: number, labels: string[],
 *   framing: Record<string, {scale: number, shift_x: number, shift_y: number}>,
 *   unsure_below: number, views?: number}} Spec
 */

/**
 * One face. `box` is x0 y0 x1 y1 in pixels, inside the picture: the very square that was classified.
 * `label` is the expression, or "unsure"; `bestGuess` is the most probable expression in any case;
 * `quality` what is wrong with its picture.
 * @typedef {{box: number[], probabilities: number[], bestGuess: string, label: string,
 *   confidence: number, tilt: number, quality: import("./quality.js").Quality}} Face
 */

export const UNSURE = "unsure";

const LEAST_TILT = 20;
const USUAL_FRAMING = { scale: 1.05, shift_x: 0, shift_y: 0 };

/** Opens the two networks once; keeps nothing between pictures. */
export class Recognizer {
  /**
   * @param {import("onnxruntime-web")} ort
   * @param {import("onnxruntime-web").InferenceSession} detector YuNet
   * @param {import("onnxruntime-web").InferenceSession} classifier a bundle's `model.onnx`
   * @param {Spec} spec the bundle's `spec.json`
   */
  constructor(ort, detector, classifier, spec) {
    this.ort = ort;
    this.detector = detector;
    this.classifier = classifier;
    this.spec = spec;
  }

  /**
   * The faces of a picture, largest first.
   * @param {Picture} picture
   * @returns {Promise<Face[]>}
   */
  async recognize(picture) {
    return this.classify(picture, await this.detect(picture));
  }

  /**
   * Where faces are.
   * @param {Picture} picture
   * @param {number} [workingSize] as in `detect`
   */
  detect(picture, workingSize) {
    return detect(this.ort, this.detector, picture, workingSize);
  }

  /**
   * The expressions of detected faces, largest first.
   * @param {Picture} picture
   * @param {Detection[]} found
   * @param {boolean | null} mirrored of a model with two views the one to take, for half the time;
   *   `null` for both
   * @returns {Promise<Face[]>}
   */
  async classify(picture, found, mirrored = null) {
    if (found.length === 0) return [];
    const framing = this.spec.framing.yunet ?? USUAL_FRAMING;
    const faces = found
      .map((face) => ({ ...frameSquare(face.box, framing), tilt: tiltOf(face.landmarks), face }))
      .map((it) => ({ ...it, box: inside(it, picture) }))
      .filter(({ box: [x0, y0, x1, y1] }) => x1 > x0 && y1 > y0)
      .sort((a, b) => b.side - a.side);
    const size = this.spec.input_size;
    const pixels = new Float32Array(faces.length * size * size);
    faces.forEach(({ left, top, side, tilt }, i) => {
      pixels.set(crop(picture, left, top, side, size, tilt), i * size * size);
    });
    const answers = await this.probabilities(pixels, faces.length, mirrored);
    return faces.map(({ box, tilt, face }, i) => {
      const quality = qualityOf(picture, box, face.landmarks);
      return { ...this.judge(answers[i]), box, tilt, quality };
    });
  }

  /**
   * What the model says of faces in one or both views.
   * @param {Float32Array} pixels of all faces
   * @param {number} count of faces
   * @param {boolean | null} mirrored as in `classify`
   * @returns {Promise<number[][]>}
   */
  async probabilities(pixels, count, mirrored) {
    const both = this.spec.views === 2;
    const views = !both ? [false] : mirrored === null ? [false, true] : [mirrored];
    const size = this.spec.input_size;
    const labels = this.spec.labels.length;
    /** @type {number[][][]} */
    const answers = [];
    for (const view of views) {
      const seen = view ? flip(pixels, size) : pixels;
      const input = new this.ort.Tensor("float32", seen, [count, size, size, 1]);
      const { probabilities } = await this.classifier.run({ pixels: input }, ["probabilities"]);
      const all = Array.from(/** @type {Float32Array} */ (probabilities.data));
      answers.push(
        Array.from({ length: count }, (_, i) => all.slice(i * labels, (i + 1) * labels)),
      );
    }
    return answers[0].map((_, i) => joint(answers.map((answer) => answer[i])));
  }

  /**
   * The label that probabilities mean, "unsure" below the model's threshold.
   * @param {number[]} probabilities
   */
  judge(probabilities) {
    const confidence = Math.max(...probabilities);
    const bestGuess = this.spec.labels[probabilities.indexOf(confidence)];
    const label = confidence >= this.spec.unsure_below ? bestGuess : UNSURE;
    return { probabilities, confidence, bestGuess, label };
  }
}

/**
 * The classifier's square for a detected box; it may leave the picture.
 * @param {number[]} box
 * @param {{scale: number, shift_x: number, shift_y: number}} framing
 */
export function frameSquare(box, framing) {
  const [x0, y0, x1, y1] = box.map(Math.fround); // as in Python, lest halves be rounded apart
  const mean = Math.fround((x1 - x0 + (y1 - y0)) / 2);
  const side = Math.max(1, roundEven(Math.fround(framing.scale * mean)));
  const left = roundEven(Math.fround((x0 + x1) / 2 + framing.shift_x * mean - side / 2));
  const top = roundEven(Math.fround((y0 + y1) / 2 + framing.shift_y * mean - side / 2));
  return { left, top, side };
}

/**
 * How far a head is tilted, in degrees, positive clockwise: by the line from between the eyes to the
 * middle of the mouth.
 * @param {number[][]} landmarks two eyes, nose, two corners of the mouth
 */
export function tiltOf([eye1, eye2, , mouth1, mouth2]) {
  const across = (mouth1[0] + mouth2[0] - eye1[0] - eye2[0]) / 2;
  const down = (mouth1[1] + mouth2[1] - eye1[1] - eye2[1]) / 2;
  return (Math.atan2(-across, down) * 180) / Math.PI;
}

/**
 * The pixels of a square at the classifier's size, levelled where the head is tilted.
 * @param {Picture} picture
 * @param {number} left
 * @param {number} top
 * @param {number} side
 * @param {number} size
 * @param {number} tilt
 */
export function crop(picture, left, top, side, size, tilt) {
  if (Math.abs(tilt) < LEAST_TILT) {
    return resizeSquare(cutSquare(picture, left, top, side), side, size);
  }
  const margin = Math.floor(size / 4); // the corners of the turned square lie up to 0.21 sides outside
  const around = roundEven((side * margin) / size);
  const wide = side + 2 * around;
  const patch = resizeSquare(
    cutSquare(picture, left - around, top - around, wide),
    wide,
    size + 2 * margin,
  );
  return turnSquare(patch, size + 2 * margin, size, tilt);
}

/**
 * The mirror images of faces.
 * @param {Float32Array} pixels `n × size × size`
 * @param {number} size
 */
function flip(pixels, size) {
  const flipped = pixels.slice();
  for (let at = 0; at < flipped.length; at += size) flipped.subarray(at, at + size).reverse();
  return flipped;
}

/**
 * What several views of a face say together: the geometric mean, brought to sum 1 again.
 * @param {number[][]} views
 */
function joint(views) {
  if (views.length === 1) return views[0];
  const least = 2 ** -126; // as in Python: the smallest 32-bit number
  const together = views[0].map((_, k) =>
    Math.exp(
      views.reduce((sum, view) => sum + Math.log(Math.max(view[k], least)), 0) / views.length,
    ),
  );
  const sum = together.reduce((a, b) => a + b);
  return together.map((value) => value / sum);
}

/**
 * The part of a square that lies in the picture, x0 y0 x1 y1.
 * @param {{ left: number, top: number, side: number }} square
 * @param {Picture} picture
 */
function inside({ left, top, side }, { width, height }) {
  /** @param {number} value @param {number} most */
  const clip = (value, most) => Math.min(Math.max(value, 0), most);
  return [clip(left, width), clip(top, height), clip(left + side, width), clip(top + side, height)];
}
