/**
 * Expressions over time: what was seen when, drawn as one band a face, and as a table.
 *
 * @module
 */

import { UNSURE } from "./recognize.js";
import { palette } from "./draw.js";

/** @typedef {import("./engine.js").ShownFace} ShownFace */
/** @typedef {{seconds: number, faces: ShownFace[]}} Moment */

/** The moments of a camera or a video. */
export class Timeline {
  /** @param {number} kept seconds after which moments are forgotten */
  constructor(kept = Infinity) {
    this.kept = kept;
    /** @type {Moment[]} */
    this.moments = [];
  }

  /**
   * @param {number} seconds
   * @param {ShownFace[]} faces
   */
  add(seconds, faces) {
    this.moments.push({ seconds, faces });
    while (this.moments[0].seconds < seconds - this.kept) this.moments.shift();
  }

  /** @param {number} seconds */
  nearest(seconds) {
    return this.moments.reduce(
      (best, moment) =>
        Math.abs(moment.seconds - seconds) < Math.abs(best.seconds - seconds) ? moment : best,
      this.moments[0],
    );
  }

  /** Faces that were seen longest first, at most `most`. @param {number} most */
  ids(most) {
    const seen = new Map();
    for (const { faces } of this.moments) {
      for (const { id } of faces) seen.set(id, (seen.get(id) ?? 0) + 1);
    }
    return [...seen]
      .sort((a, b) => b[1] - a[1])
      .slice(0, most)
      .map(([id]) => id);
  }

  /**
   * One row a face a moment.
   * @param {string[]} labels
   * @returns {Row[]}
   */
  rows(labels) {
    return this.moments.flatMap(({ seconds, faces }) =>
      faces.map((face) => ({ time: Number(seconds.toFixed(3)), ...record(face, labels) })),
    );
  }
}

/**
 * What programs read of a face, as `fer video` and `fer predict` write it.
 * @typedef {{file?: string, time?: number, face?: number, box: number[], label: string,
 *   best_guess: string, confidence: number, probabilities: Record<string, number>}} Row
 */

/**
 * @param {ShownFace} face
 * @param {string[]} labels
 * @returns {Row}
 */
export function record(face, labels) {
  const shares = labels.map((label, i) => [label, Number(face.probabilities[i].toFixed(4))]);
  return {
    ...(face.id === undefined ? {} : { face: face.id }),
    box: face.box,
    label: face.label,
    best_guess: face.bestGuess,
    confidence: Number(face.confidence.toFixed(4)),
    probabilities: Object.fromEntries(shares),
  };
}

/**
 * Comma-separated values, as spreadsheets read them.
 * @param {Row[]} rows
 * @param {("file" | "time" | "face")[]} first what tells the picture and the face
 * @param {string[]} labels
 */
export function csv(rows, first, labels) {
  /** @param {unknown} value */
  const cell = (value) =>
    /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : value;
  const names = ["x0", "y0", "x1", "y1", "label", "best_guess", "confidence"];
  const lines = rows.map((row) => [
    ...first.map((name) => cell(row[name])),
    ...row.box,
    ...[row.label, row.best_guess, row.confidence],
    ...labels.map((label) => row.probabilities[label]),
  ]);
  return [[...first, ...names, ...labels], ...lines].join("\n") + "\n";
}

/**
 * Draw one band a face: its colour is the label, its height the confidence; "unsure" is hatched.
 * @param {HTMLCanvasElement} canvas
 * @param {Timeline} timeline
 * @param {number} from seconds at the left
 * @param {number} to seconds at the right
 * @param {number | null} at the moment that is shown
 */
export function drawTimeline(canvas, timeline, from, to, at) {
  const ratio = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  Object.assign(canvas, { width: width * ratio, height: height * ratio });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(ratio, ratio);
  const ids = timeline.ids(4);
  const band = (height - 22) / Math.max(ids.length, 1);
  /** @param {number} seconds */
  const place = (seconds) => ((seconds - from) / Math.max(to - from, 1e-6)) * width;
  const { moments } = timeline;
  const colorOf = palette();
  const hatch = hatching(context, colorOf("muted"));
  moments.forEach(({ seconds, faces }, i) => {
    const next = moments[i + 1]?.seconds ?? seconds + 0.1;
    const x = place(seconds);
    const wide = Math.max(place(Math.min(next, seconds + 0.5)) - x, 1);
    for (const face of faces) {
      const row = ids.indexOf(/** @type {number} */ (face.id));
      if (row < 0) continue;
      const tall = Math.max(band - 4, 2) * face.confidence;
      const y = (row + 1) * band - tall;
      context.fillStyle = face.label === UNSURE ? hatch : colorOf(face.label);
      context.fillRect(x, y, wide + 0.5, tall);
    }
  });
  context.fillStyle = colorOf("muted");
  context.font = "12px Figtree, system-ui, sans-serif";
  context.textBaseline = "bottom";
  context.fillText(clock(from), 4, height - 3);
  context.textAlign = "right";
  context.fillText(clock(to), width - 4, height - 3);
  if (at !== null) {
    context.fillStyle = colorOf("ink");
    context.fillRect(Math.min(Math.max(place(at), 1), width - 2) - 1, 0, 2, height - 18);
  }
}

/** The last one, and its colour, which changes with the theme alone. */
const hatched = { color: "", tile: document.createElement("canvas") };

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} color
 */
function hatching(context, color) {
  const { tile } = hatched;
  if (hatched.color !== color) {
    hatched.color = color;
    Object.assign(tile, { width: 6, height: 6 });
    const lines = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
    lines.strokeStyle = color;
    for (const from of [-6, 0, 6]) {
      lines.moveTo(from, 6);
      lines.lineTo(from + 6, 0);
    }
    lines.stroke();
  }
  return /** @type {CanvasPattern} */ (context.createPattern(tile, "repeat"));
}

/** @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
